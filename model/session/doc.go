// Package session cuts a recording into the sessions of its users.
//
//	sessions, err := session.Split(flows, session.Options{})
//
// Who sent a request is told, strongest first, by the cookie that the target
// issued to one client only, by the credential in Authorization, by the
// connection, and by the user agent where connections are unknown. What turns up
// together in one exchange belongs to one user: a rotated cookie with its
// predecessor, a new token with the login that returned it. A session ends when
// its user is idle for long.
//
// [Find] gives the sessions as numbers of flows, in memory that the length of the
// recording hardly matters to; [Split] gives the flows themselves.
package session
