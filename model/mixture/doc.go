// Package mixture divides sessions into types of users by what they visit and in
// which order.
//
//	for _, group := range mixture.Divide(sessions, 8) {
//		fmt.Println(len(group))
//	}
//
// Three kinds of evidence count. Sessions that have no page in common with others
// are a type of their own. The orders of pages are a mixture of Markov chains, fitted by
// EM (Cadez, Heckerman and others 2000). The sets of pages are a mixture of independent
// visits, which counts where orders tell nothing, and only if sessions drawn from one
// chain do not look as divided as the recorded ones.
//
// The number of types is the one with the most evidence:
//
//	log p(sessions | k types) ≈ log p(sessions, types drawn) + H(types drawn)
//
// as Cheeseman and Stutz (1996) approximate it, with chains drawn around that of all
// sessions, more or less closely from row to row, and in some types with pages that are
// more or less popular there. There may be one type. A single chain
// may also know that users go back to the page before, and remember that page where this
// tells more than it costs: types must explain more than such memory does.
//
// The work is bounded: types are sought among at most 8,000 sessions with 150,000 steps.
package mixture
