"""Pages that do what they can to keep a browser from looking at them, or from letting go."""

STORM = "setInterval(() => { for (let i = 0; i < 200; i++) %s }, 0)"


def script(code: str, *, shown: str = "hacked by nobody") -> str:
    return f"<!doctype html><title>hostile</title><body><h1>{shown}</h1><script>{code}</script>"


# Those that are seen all the same: what they show is in the rendering.
SEEN = {
    "dialogs without end": script("while (true) alert('owned')"),
    "a dialog at every tick": script("setInterval(() => alert('owned'), 0)"),
    "windows without end": script("for (let i = 0; i < 500; i++) window.open('/popup?' + i)"),
    "a script that never ends": script("while (true);"),
    "a script that never ends, begun late": script("setTimeout(() => { while (true); }, 900)"),
    "a refresh without end": script("", shown="hacked by nobody") + "<meta http-equiv=refresh content=0>",
    "a reload without end": script("location.reload()"),
    "leaving that must be confirmed": script(
        "onbeforeunload = () => 'stay'; onunload = () => { while (1); }"
    ),
    "a history without end": script(STORM % "history.pushState({}, '', '/' + i)"),
    "100,000 pixels of height": script("") + "<div style='height: 100000px'></div>",
    "WebGL": script("document.createElement('canvas').getContext('webgl')"),
}

# Those of which nothing can be promised but an end.
ENDED = {
    "a document written without end": script("while (true) document.write('<p>' + 'x'.repeat(1000))"),
    "memory eaten": script(
        "const kept = []; setInterval(() => { for (let i = 0; i < 20; i++) "
        "kept.push(new Uint8Array(1e7).fill(1)) }, 1)"
    ),
    "requests without end": script(STORM % "fetch('/storm?' + Math.random())"),
    "messages without end": script(STORM % "console.error('x')"),
    "errors without end": script(STORM % "reportError(new Error('x'))"),
}

# A page that blinds whoever looks through its own JavaScript, and hides links in every way.
BLINDING = """<!doctype html><title>blind</title><body>
<form name="querySelectorAll"><input name="attributes"><input name="children"></form>
<img name="body"><img name="title"><img name="documentElement">
<script>
  window.getComputedStyle = () => ({display: "block", visibility: "visible"});
  Array.prototype.push = () => 0;
  Element.prototype.getBoundingClientRect = () => ({width: 100, height: 100, left: 0, top: 0});
  JSON.stringify = () => "{}";
  Object.getOwnPropertyDescriptor = () => ({get: () => ""});
  WeakMap.prototype.get = WeakMap.prototype.has = () => true;
</script>
<div style="display: none"><a href="http://spam.example/none">none</a></div>
<div style="visibility: hidden"><a href="http://spam.example/invisible">invisible</a></div>
<div style="opacity: 0"><p><a href="http://spam.example/transparent">transparent</a></p></div>
<div style="position: absolute; left: -9999px"><a href="http://spam.example/left">left</a></div>
<div style="position: absolute; top: -9999px"><a href="http://spam.example/above">above</a></div>
<div style="height: 0; overflow: hidden"><a href="http://spam.example/shut">shut</a></div>
<div style="position: absolute; clip: rect(0, 0, 0, 0)"><a href="http://spam.example/clip">clip</a></div>
<div style="clip-path: inset(100%)"><a href="http://spam.example/inset">inset</a></div>
<div style="text-indent: -9999px"><a href="http://spam.example/indent">indent</a></div>
<div style="font-size: 0"><a href="http://spam.example/small">small</a></div>
<div style="transform: scale(0)"><a href="http://spam.example/scale">scale</a></div>
<div style="background: #123456"><a style="color: #123456" href="http://spam.example/colour">colour</a></div>
<marquee width="1" height="1"><a href="http://spam.example/marquee">marquee</a></marquee>
<div style="display: none"><a href="/inside">a link of the portal's own</a></div>
<div style="display: none"><a href="javascript:alert(1)">no host</a></div>
<p><a href="http://partner.example/text">in sight</a></p>
<p><a href="http://partner.example/picture" style="font-size: 0; color: white">
  <img width=50 height=50 src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"></a></p>
<div style="background: black"><a style="color: white" href="http://partner.example/white">white</a></div>
<div style="margin-top: 6000px"><a href="http://partner.example/below">far below</a></div>
"""
