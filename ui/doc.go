// Package ui shows Starling in the browser: one http.Handler with a JSON API, a live
// stream and the embedded web app that uses both.
//
// The central type is the handler that New returns. It shows the run that goes
// on now, given as a Live, and the finished runs of a folder:
//
//	h, err := ui.New(ui.Options{Dir: dir, Version: "1.0.0"})
//
// It answers these requests:
//
//	GET  /                      the app
//	GET  /api/status            what there is to see: {"live", "runs", "version"}
//	GET  /api/live              the run that goes on now
//	GET  /api/live/events       the same as server-sent events, see below
//	POST /api/live/stop         ends the run
//	GET  /api/runs              the run files of the folder with their headline numbers
//	GET  /api/runs/{name}       one of them
//	GET  /api/compare?base=&cand=   two of them, judged by replay/compare
//
// The first event of a stream is "snapshot", the whole picture. Then comes an "update"
// at each change: its points begin at from_s and replace those that the viewer had from
// there on. A viewer that reads slowly skips updates. When it is ready it gets the
// newest one, or a snapshot if it missed points. No viewer waits for another, and none
// delays the run.
//
// Times of exchanges are in microseconds, other times in seconds. The summary has the
// keys of `starling report --json`. An error is {"error": "…"}.
//
// Every request must name a host that is an IP address, localhost or in Options.Hosts.
// So scripts of other sites cannot reach the API through a name of their own. With a
// token, a browser opens /?token=… once and keeps a cookie; other clients send
// "Authorization: Bearer …".
//
// The app is built from ui/web by `make ui` and embedded when Starling is
// compiled. Without it the API works, and / says how to build it. The package
// starts no run and draws no random number; it knows the engine only as a Live.
package ui
