// Package mixture divides sessions into types of users by what they visit and in
// which order.
//
//	for _, group := range mixture.Divide(sessions, 8) {
//		fmt.Println(len(group))
//	}
//
// Three kinds of evidence count. Sessions that have no page in common with others
// are a type of their own. The orders of pages are a mixture of Markov chains,
// fitted by EM (Cadez, Heckerman and others 2000). The sets of pages are a mixture
// of independent visits. The number of types is chosen by the Bayesian information
// criterion. Sets count only if sessions drawn from one chain do not look as divided
// as the recorded ones. There may be one type.
//
// The work is linear in the sessions: types are sought among at most 2,000.
package mixture
