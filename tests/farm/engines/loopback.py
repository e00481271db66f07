"""HTTP servers on this machine that answer as an engine's service does, and keep what they were asked."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from openjd.model import DocumentType, decode_job_template, document_string_to_object

Answer = tuple[int, Any]


@dataclass
class Service:
    """What was asked of a server so far, and how it answers.

    Attributes:
        answer: Method, path and body to status and JSON value; bytes are sent as they are.
        asked: Method, path and body of each request.
    """

    answer: Callable[[str, str, bytes], Answer]
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    address: str = ""

    def bodies(self, ending: str) -> list[Any]:
        """The JSON bodies that were posted to paths of that ending."""
        return [
            json.loads(body)
            for method, path, body in self.asked
            if method == "POST" and path.endswith(ending)
        ]


@contextmanager
def serving(answer: Callable[[str, str, bytes], Answer]) -> Iterator[Service]:
    """Serve on a free port of this machine until the block ends."""
    service = Service(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = self.path.split("?")[0]
            service.asked.append((self.command, path, body))
            status, value = service.answer(self.command, path, body)
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = reply

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


FARM, QUEUE = "farm-" + "0" * 32, "queue-" + "1" * 32
MADE = {"createdAt": "2026-01-01T00:00:00Z", "createdBy": "someone"}
BUCKET = "attachments"


class DeadlineCloudDouble:
    """Answers the questions that `deadline bundle submit` asks of AWS Deadline Cloud, STS and S3.

    A template is read with OpenJD's own model, as the service does; one that it refuses is refused.
    """

    def __init__(self, *, attachments: bool = False) -> None:
        self.attachments = attachments
        self.uploaded: list[str] = []
        self._jobs = 0

    def __call__(self, method: str, path: str, body: bytes) -> Answer:
        if path.startswith(f"/{BUCKET}"):
            return self._s3(method, path)
        if path.endswith("/jobs") and method == "POST":
            return self._create(json.loads(body))
        return 200, self._known(path)

    def _known(self, path: str) -> dict[str, Any]:
        if path.endswith("/environments"):
            return {"environments": []}
        if path.endswith("/user-roles"):
            keys = {"accessKeyId": "x", "secretAccessKey": "y", "sessionToken": "z"}
            return {"credentials": {**keys, "expiration": "2099-01-01T00:00:00Z"}}
        if re.search(r"/jobs/[^/]+$", path):
            return {"jobId": path.split("/")[-1], "name": "x", "lifecycleStatus": "CREATE_COMPLETE",
                    "lifecycleStatusMessage": "ok", "priority": 1, **MADE}  # fmt: skip
        queue: dict[str, Any] = {"queueId": QUEUE, "farmId": FARM, "displayName": "queue", "status": "IDLE",
                                 "defaultBudgetAction": "NONE", **MADE}  # fmt: skip
        if self.attachments:
            queue["jobAttachmentSettings"] = {"s3BucketName": BUCKET, "rootPrefix": "root"}
        return queue

    def _create(self, request: Mapping[str, Any]) -> Answer:
        kind = DocumentType[request["templateType"]]
        document = document_string_to_object(document=request["template"], document_type=kind)
        try:
            decode_job_template(template=document, supported_extensions=["TASK_CHUNKING"])
        except ValueError as error:
            return 400, {"message": str(error)}
        self._jobs += 1
        return 200, {"jobId": f"job-{self._jobs:032x}"}

    def _s3(self, method: str, path: str) -> Answer:
        if method == "PUT":
            self.uploaded.append(path)
            return 200, b""
        if method == "HEAD":
            return 404, b""
        return 200, b"<ListBucketResult/>"


class FlamencoDouble:
    """Answers as a Flamenco manager does to those who submit, by its published interface."""

    def __init__(self, *, knows_the_type: bool = True, tags: Mapping[str, str] | None = None) -> None:
        self._knows_the_type = knows_the_type
        self._tags = tags or {}

    def __call__(self, method: str, path: str, body: bytes) -> Answer:
        if path.startswith("/api/v3/jobs/type/"):
            if not self._knows_the_type:
                return 404, {"code": 404, "message": "no such job type known"}
            return 200, {"name": path.rpartition("/")[2], "label": "x", "settings": [], "etag": "1"}
        if path == "/api/v3/worker-mgt/tags":
            return 200, {"tags": [{"id": each, "name": name} for name, each in self._tags.items()]}
        if path == "/api/v3/jobs" and method == "POST":
            return self._job(json.loads(body))
        return 404, {"code": 404, "message": "no such path"}

    def _job(self, job: Mapping[str, Any]) -> Answer:
        lacking = {"name", "type", "priority", "submitter_platform", "settings"} - job.keys()
        if lacking:
            return 400, {"code": 400, "message": f"lacks {sorted(lacking)}"}
        return 200, {**job, "id": "0ab0-4711", "status": "queued"}
