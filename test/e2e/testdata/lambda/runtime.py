# The shortest runtime of a Python function: runtime.py FILE HANDLER.
import importlib.util, json, os, sys, urllib.request

spec = importlib.util.spec_from_file_location("function", sys.argv[1])
function = importlib.util.module_from_spec(spec)
spec.loader.exec_module(function)
handler = getattr(function, sys.argv[2])
base = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]


def post(path, value):
    urllib.request.urlopen(urllib.request.Request(base + path, json.dumps(value).encode(), method="POST")).read()


while True:
    with urllib.request.urlopen(base + "next") as invocation:
        request_id, event = invocation.headers["Lambda-Runtime-Aws-Request-Id"], json.load(invocation)
    try:
        post(request_id + "/response", handler(event, None))
    except Exception as error:
        post(request_id + "/error", {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []})
