// Package classify asks whether two sets of things can be told apart by their features,
// with a logistic model and five-fold cross-validation (the classifier two-sample test of
// Lopez-Paz and Oquab, ICLR 2017):
//
//	auc, spread, most := classify.Apart(rows, theirs)
//	fmt.Printf("%.2f ± %.2f, by column %d\n", auc, spread, most)
//
// [Odds] say of which type a thing is, by what it consists of.
package classify
