// Package session cuts a recording into the sessions of its users.
//
//	sessions, err := session.Split(flows, session.Options{})
//
// These tell who sent a request, the strongest first: a cookie that the target
// issued to only one client, the credential in Authorization, the connection, and,
// if connections are unknown, the user agent. What occurs together in one exchange
// belongs to one user: a rotated cookie and the cookie before it, a new token and the
// login that returned it. A session ends when its user is idle for long.
//
// [Find] gives the sessions as numbers of flows. Its memory hardly depends on the
// length of the recording. [Split] gives the flows themselves.
package session
