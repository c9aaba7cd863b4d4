// Package compare says with evidence whether a candidate behaves worse than a
// baseline: slower, failing more often, or answering something else.
//
// Both sides are measured in alternating blocks. Block i of the baseline and
// block i of the candidate are a pair: they were measured next to each other, on
// the same machine. The tests look at the differences within pairs, never at
// single requests, because two runs differ by more than their requests show.
//
//	report := compare.Compare(baseline, candidate, compare.Options{})
//	fmt.Println(report.Verdict)
//	for _, change := range report.Changes {
//		fmt.Println(change)
//	}
//
// There are four verdicts. None of them is "no change": either the two sides are
// shown to be equivalent within the limits, or the report says how many more
// pairs are needed to know.
//
// Latency is tested by moderated t (Smyth 2004, "Linear models and empirical Bayes
// methods") on log-ratios of quantiles. The shift that all endpoints share is taken
// out first. Errors and content are tested by Fisher's exact test. Their counts are
// divided by how much more they vary between blocks than chance explains. Each of the
// three families keeps its own rate of false discoveries (Benjamini, Hochberg 1995).
// Only a change of a least size counts.
//
// The package is pure: no clock, no goroutine, no randomness, no I/O.
package compare
