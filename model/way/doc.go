// Package way finds how users get into a service, and gives that to sessions which began
// before the recording: their users were logged in already, so that the recording lacks
// how they did it.
//
//	w := way.New()
//	for _, flows := range sessions {
//		w.Look(flows)
//	}
//	for _, flows := range sessions {
//		traces = append(traces, w.Trace(flows))
//	}
//	found := way.Lend(m, traces) // the sessions of m now have entries
//
// A way in is the request that says who the user is, with a password, the redirects behind
// it, and the acts that these take values or cookies from. It is lent by another session of
// the same user or, where the recording has none, of another.
//
// Requests that send a form from before get the token of a live one: such a session also
// gets the page that shows it.
//
// A session needs one on evidence only: it sends cookies or tokens of logins that no answer
// of its own gave it, and it was answered as only those are who have logged in.
package way
