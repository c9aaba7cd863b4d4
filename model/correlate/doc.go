// Package correlate finds out where the values of recorded requests come from:
// issued by the target in an earlier answer, taken from a data file, made by the
// client, the time of day, or chosen by the user.
//
//	r := correlate.Learn(sessions, correlate.Options{})
//	fmt.Println(r.Endpoints["POST /cart"].Variants[0].Request.Body) // a template: csrf=${csrf}
//	fmt.Println(r.Bindings[0].Name, r.Bindings[0].Sources) // where csrf is issued
//
// All requests of an endpoint are compared leaf by leaf. What is the same in all of
// them stays text. What varies, or looks issued, becomes a hole. A hole is bound to
// an answer if its value equals what that answer issued in the same session, and
// differs from what it issued in other sessions. A value with much information is
// bound without other sessions. Bindings are chosen by the rule of the replayer: the
// latest answer of any source counts.
package correlate
