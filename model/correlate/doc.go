// Package correlate finds out where the values of recorded requests come from:
// issued by the target in an earlier answer, taken from a data file, made by the
// client, the time of day, or chosen by the user.
//
//	r := correlate.Learn(sessions, correlate.Options{})
//	fmt.Println(r.Endpoints["POST /cart"].Variants[0].Request.Body) // a template: csrf=${csrf}
//	fmt.Println(r.Bindings[0].Name, r.Bindings[0].Sources) // where csrf is issued
//
// All requests of an endpoint are laid on each other leaf by leaf. What is the
// same in all of them stays text; what varies, or looks issued, becomes a hole.
// A hole is bound to an answer when the value equals what that answer issued in
// the same session and not what it issued in other sessions; a value with much
// information needs no other sessions. Bindings are chosen by what a replayer
// does with them: the latest answer of any source counts.
package correlate
