// Package identity finds the values in requests that name a user, and joins those that
// name the same one.
//
//	e := identity.NewEvidence(m)
//	for _, f := range flows {
//		e.See(f, m.Of("source", "192.0.2.1"))
//	}
//	e.Judge()
//	u := identity.NewUsers(e)
//	for _, f := range flows {
//		nodes = append(nodes, u.See(f))
//	}
//	u.Settle()
//
// Then Who(node) is equal for the flows of one user, and 0 for one that nothing names.
//
// Candidates are cookies, credentials, login names and subjects of tokens, the
// application's own header fields, parameters in path and query, and fields of bodies. What
// decides is how their values are spread. Their names count in query and body, where most
// random values name records, and for values that are not random: X-User-Id: 17. A value that one answer gave
// to one client, or that is random and was there before, names a user. A value that all
// share names nobody, and neither does one beside which other identities take turns. Values
// of records in paths, queries and bodies join a flow with those whose answers gave them to
// one user alone.
//
// Who logs in gives a name beside a password, and the answer lets the client in: then the
// user of the client has that account. If another name follows in the same browser, what
// the client keeps is another user's from then on: from the logout or the page that asks for
// the password, if the recording has them. A token stays with whom it was issued to.
//
// The package keeps hashes, no texts, and within bounds also for hostile recordings. It
// does not know connections, addresses or sessions: package session does.
package identity
