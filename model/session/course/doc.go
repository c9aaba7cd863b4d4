// Package course finds out which of several users did what, where nothing in the requests
// says so.
//
//	h := course.NewHabits()
//	for _, c := range course.Of(acts) {
//		h.Learn(c)
//	}
//	h.Settle(acts)
//
// An act is a request with what is loaded for it, a course the acts of one user in turn. Most
// courses that are known at first are right, and from them it is learned what users do after
// what and how soon, from which page they come, and what their clients fetch again. Then the
// users of acts are changed as long as their courses become likelier:
//
//	log P(course) = Σ log P(shape | shape before) + log f(pause | both shapes)
//	                + log P(page that it comes from | shape) + log P(what is fetched | what is kept)
//
// Two users go on as the other one does, or an act becomes another user's. Two such changes
// near each other are tried together. Acts of one anchor, such as a name or a connection,
// always stay together.
//
// A change has to be likelier by a margin. How many acts might as well be another user's is
// counted: two users who do the same at the same time cannot be told apart.
package course
