// Flamenco job type: mattes by matteline. Put this file, under its own name, into the folder `scripts` beside the
// flamenco-manager program and start the manager again; `matteline farm submit --engine flamenco` does the rest.
//
// What is rendered, in which pieces and how, is decided in the farm job (farm_job.json); this only makes tasks of it.

const JOB_TYPE = {
    label: "Matteline Render",
    description: "People cut out of a plate, in chunks; the pixels are those of one unbroken render.",
    settings: [
        { key: "farm_job", type: "string", subtype: "file_path", required: true, description: "The farm job, farm_job.json" },
        { key: "chunks", type: "string", required: true, description: "Unbroken ranges, one for each task: 1001-1007,1008-1014" },
        { key: "first_pass", type: "string", default: "", description: "Frames that the first pass makes states for; empty for none" },
        { key: "ordered", type: "bool", default: false, description: "Each chunk waits for the one before it" },
        { key: "command", type: "string", default: "[\"matteline\"]", visible: "hidden", description: "Command by which workers call matteline, as a JSON list" },
        { key: "task_type", type: "string", default: "misc", visible: "hidden", description: "Workers that list this task type render it" },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    const command = JSON.parse(settings.command);
    const chunks = settings.chunks.split(",");
    const check = task("check", settings, command, ["check", "--farm-job", settings.farm_job]);
    let first = null;
    if (settings.first_pass) {
        first = task("states", settings, command, ["states", "--farm-job", settings.farm_job, "--frames=" + settings.first_pass]);
        job.addTask(first);
    }
    let before = first;
    for (let index = 0; index < chunks.length; index++) {
        const frames = chunks[index];
        const render = task("frames " + frames, settings, command, ["chunk", "--farm-job", settings.farm_job, "--frames=" + frames]);
        if (before) {
            render.addDependency(before);
        }
        check.addDependency(render);
        job.addTask(render);
        if (settings.ordered) {
            before = render;
        }
    }
    job.addTask(check);
}

// A task of one `exec`. No count of steps as third argument: exec counts none, and progress would stay at nothing.
function task(name, settings, command, verb) {
    const made = author.Task(name, settings.task_type);
    made.addCommand(author.Command("exec", { exe: command[0], args: command.slice(1).concat(["farm"], verb) }));
    return made;
}
