"""Stands in for OpenCue's cuebot: takes job specifications, and has a real rqd run their frames.

usage: cuebot_double.py PORT RQD_PORT LOG_FOLDER [CJSL_DTD]

Runs in an environment with opencue-pycue and lxml. It expands chunks and tokens as cuebot's source does, runs
a layer when those it depends on are done, tries a failed frame again as often as the specification says, and
prints one JSON object a line: `ready`, `host`, `launched`, `frame` and `job`. It ends when its input does.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
import uuid
from concurrent import futures

import FileSequence
import grpc
from lxml import etree
from opencue_proto import (
    cue_pb2,
    cue_pb2_grpc,
    job_pb2,
    job_pb2_grpc,
    report_pb2,
    report_pb2_grpc,
    rqd_pb2,
    rqd_pb2_grpc,
)

PORT, RQD_PORT, LOGS = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
DTD = etree.DTD(sys.argv[4]) if len(sys.argv) > 4 else None
jobs: queue.Queue[tuple[str, etree._Element]] = queue.Queue()
ended: queue.Queue[int] = queue.Queue()
host_is_up = threading.Event()


def tell(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


class Cue(cue_pb2_grpc.CueInterfaceServicer):
    def GetSystemStats(self, request, context):
        return cue_pb2.CueGetSystemStatsResponse()


class Reports(report_pb2_grpc.RqdReportInterfaceServicer):
    def ReportRqdStartup(self, request, context):
        tell("host", name=request.boot_report.host.name)
        host_is_up.set()
        return report_pb2.RqdReportRqdStartupResponse()

    def ReportStatus(self, request, context):
        return report_pb2.RqdReportStatusResponse()

    def ReportRunningFrameCompletion(self, request, context):
        report = request.frame_complete_report
        ended.put(report.exit_status or report.exit_signal)
        return report_pb2.RqdReportRunningFrameCompletionResponse()


class Jobs(job_pb2_grpc.JobInterfaceServicer):
    def LaunchSpecAndWait(self, request, context):
        spec = etree.fromstring(request.spec.encode())
        if DTD is not None and not DTD.validate(spec):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(DTD.error_log.last_error))
        words = [spec.findtext(each) for each in ("show", "shot", "user")]
        name = "{}-{}-{}_{}".format(*words, spec.find("job").get("name")).lower()
        tell("launched", job=name)
        jobs.put((name, spec))
        made = job_pb2.Job(id=str(uuid.uuid4()), name=name)
        return job_pb2.JobLaunchSpecAndWaitResponse(jobs=job_pb2.JobSeq(jobs=[made]))


def run(name: str, spec: etree._Element) -> None:
    """Run the layers in the order of their dependencies; whatever waits for a dead frame is not run."""
    tries = min(int(spec.findtext("job/maxretries")), 1) + 1
    waits: dict[str, set[str]] = {}
    for each in spec.findall("depends/depend[@type='LAYER_ON_LAYER']"):
        waits.setdefault(each.findtext("deplayer"), set()).add(each.findtext("onlayer"))
    done: set[str] = set()
    left = list(spec.findall("job/layers/layer"))
    while ready := [each for each in left if waits.get(each.get("name"), set()) <= done]:
        left.remove(ready[0])
        if all([frame(name, ready[0], each, tries) for each in pieces(ready[0])]):
            done.add(ready[0].get("name"))
    tell("job", name=name, complete=not left)


def pieces(layer: etree._Element) -> list[tuple[int, int]]:
    """First and last frame of each chunk: a chunk may span a gap, and then nobody is told of the gap."""
    frames, size = list(FileSequence.FrameSet(layer.findtext("range"))), int(layer.findtext("chunk"))
    cut = [frames[start : start + size] for start in range(0, len(frames), size)]
    return [(each[0], each[-1]) for each in cut]


def frame(job: str, layer: etree._Element, piece: tuple[int, int], tries: int) -> bool:
    codes: list[int] = []
    while len(codes) < tries and codes[-1:] != [0]:
        launch(job, layer, piece)
        codes.append(ended.get(timeout=300))
    tell("frame", layer=layer.get("name"), frames=list(piece), codes=codes)
    return codes[-1] == 0


def launch(job: str, layer: etree._Element, piece: tuple[int, int]) -> None:
    first, last = piece
    name = f"{first:04d}-{layer.get('name')}"
    tokens = {
        "ZFRAME": f"{first:04d}", "IFRAME": first, "FRAME_START": first, "FRAME_END": last,
        "FRAME_CHUNK": layer.findtext("chunk"), "LAYER": layer.get("name"), "JOB": job,
        "FRAMESPEC": f"{first}-{last}", "FRAME": name,
    }  # fmt: skip
    command = layer.findtext("cmd")
    for token, value in tokens.items():
        command = command.replace(f"#{token}#", str(value))
    asked = rqd_pb2.RunFrame(
        resource_id=str(uuid.uuid4()), job_id="job", job_name=job, frame_id=str(uuid.uuid4()),
        frame_name=name, layer_id=layer.get("name"), command=command, user_name="artist", uid=1000, gid=1000,
        log_dir=LOGS, show="testing", shot="sh010", num_cores=100, start_time=int(time.time() * 1000),
        environment={"CUE_FRAME": name},
    )  # fmt: skip
    with grpc.insecure_channel(f"127.0.0.1:{RQD_PORT}") as channel:
        rqd_pb2_grpc.RqdInterfaceStub(channel).LaunchFrame(
            rqd_pb2.RqdStaticLaunchFrameRequest(run_frame=asked)
        )


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(8))
    cue_pb2_grpc.add_CueInterfaceServicer_to_server(Cue(), server)
    report_pb2_grpc.add_RqdReportInterfaceServicer_to_server(Reports(), server)
    job_pb2_grpc.add_JobInterfaceServicer_to_server(Jobs(), server)
    server.add_insecure_port(f"127.0.0.1:{PORT}")
    server.start()
    tell("ready")
    threading.Thread(target=take_jobs, daemon=True).start()
    sys.stdin.read()
    server.stop(0)


def take_jobs() -> None:
    host_is_up.wait()
    while True:
        run(*jobs.get())


if __name__ == "__main__":
    main()
