// Package session cuts a recording into the sessions of its users.
//
//	sessions, err := session.Split(flows, session.Options{})
//
// Who sent a request is told by evidence of unequal strength. Package identity finds what
// names a user: a subject, a cookie, a token, a device. For flows that name nobody it is,
// the strongest first:
//
//   - the process that opened the connection, where it runs on the machine of the
//     recorder, unless several users share it
//   - the connection, unless several users share it, as behind a proxy that pools, and
//     other connections that carry what the same pages need
//   - the page that a request comes from or that refers to it, and the redirect that it
//     follows
//   - the address, also as a proxy forwarded it, with the program and its languages
//   - the order: what a client has done already, what it keeps, which connection it has,
//     and what clients of this site ask for after what, how soon
//
// Visits of one account are one person's, but sessions of their own, unless many clients
// use the account at once.
//
// Where several may have asked for a page, package trail weighs what comes before and
// after. In the end package course looks for the likeliest order of all that nothing names,
// by the habits of the users of this recording. Such users rest on thin evidence. The [Report] says so, and how many there would
// be by another. A session ends when its user is idle for long. It is marked where the
// recording cut it, and if no person made it.
//
// It is one package because all kinds of evidence are weighed against each other for each
// flow, with what the visitors have done by then.
//
// [Find] gives the sessions as numbers of flows. Its memory hardly depends on the
// length of the recording. [Split] gives the flows themselves.
package session
