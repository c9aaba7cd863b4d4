// Package correlate finds out where the values of recorded requests come from:
// issued by the target in an earlier answer, taken from a data file, made by the
// client, the time of day, or chosen by the user.
//
//	r := correlate.Learn(sessions, correlate.Options{})
//	fmt.Println(r.Endpoints["POST /cart"].Variants[0].Request.Body) // a template: csrf=${csrf}
//	fmt.Println(r.Bindings[0].Name, r.Bindings[0].Sources) // where csrf is issued
//
// All requests of an endpoint are compared leaf by leaf, whatever structure they have.
// What is the same in all of them stays text. What varies, or looks issued, becomes a
// hole. A hole is bound to answers if its values equal what those issued in the same
// session, and differ from what they issued in other sessions. A value with much
// information is bound without other sessions. Where all are shown the same list, its
// names say what a value is, or numbers that are in it more often than chance allows.
// Requests of one structure share a variant. Each act says from which answer it takes
// each value, or that it has its own.
//
// Long recordings are explained in parts, see [Learner]: the first sessions decide what
// the places of requests are, the others say what each request has there.
//
// It is one package because all explanations read one index of what was sent and
// received, and each leaves to the next what it did not explain.
package correlate
