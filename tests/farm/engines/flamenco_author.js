// Compiles a job with a Flamenco job type as the manager does, and prints its tasks as JSON.
//
// usage: node flamenco_author.js SCRIPT JOB
//
// The author's interface, written from Flamenco's documentation ("Job Types") and what its manager says of a job:
// author.Task(name, type), author.Command(name, parameters), task.addCommand, task.addDependency, job.addTask.
// As there, scripts are strict, see nothing but these names, and settings have the types that JOB_TYPE says.
const fs = require("fs");
const vm = require("vm");

const TYPES = { string: "string", int32: "number", float: "number", bool: "boolean" };
const SUBTYPES = ["file_path", "dir_path", "file_name", "hashed_file_path"];
const VISIBLE = ["visible", "hidden", "submission", "web"];

function fail(message) {
    console.error(message);
    process.exit(1);
}

function task(name, type) {
    if (typeof name !== "string" || typeof type !== "string" || arguments.length !== 2) fail("a task is a name and a type");
    return {
        name, type, commands: [], dependencies: [],
        addCommand(command) { this.commands.push(command); },
        addDependency(other) { this.dependencies.push(other); },
    };
}

function command(name, parameters, steps) {
    if (steps !== undefined) fail("exec never counts its own steps");
    if (name !== "exec") fail(`command ${name} is not one of those used here`);
    if (typeof parameters.exe !== "string" || !Array.isArray(parameters.args)) fail("exec is a program and its arguments");
    if (!Array.from(parameters.args).every(each => typeof each === "string")) fail("arguments are text");
    return { name, parameters };
}

function checkType(jobType) {
    for (const key of Object.keys(jobType)) if (!["label", "description", "settings"].includes(key)) fail(`JOB_TYPE has ${key}`);
    for (const each of jobType.settings) {
        if (!(each.type in TYPES)) fail(`setting ${each.key} has the type ${each.type}`);
        if (each.subtype && !SUBTYPES.includes(each.subtype)) fail(`setting ${each.key} has the subtype ${each.subtype}`);
        if (each.visible && !VISIBLE.includes(each.visible)) fail(`setting ${each.key} is visible as ${each.visible}`);
    }
}

function settled(jobType, given) {
    const settings = {};
    for (const each of jobType.settings) {
        settings[each.key] = each.key in given ? given[each.key] : each.default;
        if (settings[each.key] === undefined && each.required) fail(`setting ${each.key} is required`);
        if (typeof settings[each.key] !== TYPES[each.type]) fail(`setting ${each.key} is no ${each.type}`);
    }
    for (const key of Object.keys(given)) if (!(key in settings)) fail(`there is no setting ${key}`);
    return settings;
}

const [script, file] = process.argv.slice(2);
const submitted = JSON.parse(fs.readFileSync(file, "utf8"));
const tasks = [];
const context = vm.createContext({ author: { Task: task, Command: command }, print: () => {} });
vm.runInContext(`"use strict";\n${fs.readFileSync(script, "utf8")}\nthis.found = { JOB_TYPE, compileJob };`, context);
const { JOB_TYPE, compileJob } = context.found;
checkType(JOB_TYPE);
compileJob({ ...submitted, settings: settled(JOB_TYPE, submitted.settings), addTask(added) { tasks.push(added); } });
for (const each of tasks) {
    if (!each.dependencies.every(on => tasks.includes(on))) fail(`${each.name} waits for a task that was not added`);
}
console.log(JSON.stringify(tasks.map(each => ({
    name: each.name, type: each.type, commands: each.commands, on: each.dependencies.map(on => on.name),
}))));
