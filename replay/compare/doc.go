// Package compare says with evidence whether a candidate behaves worse than a
// baseline: slower, failing more often, or answering something else.
//
// Both sides are measured in blocks, alternating, so that block i of the
// baseline and block i of the candidate form a pair that saw the same machine.
// What is tested are the differences within pairs, never single requests: the
// noise between runs is the unit of doubt.
//
//	report := compare.Compare(baseline, candidate, compare.Options{})
//	fmt.Println(report.Verdict)
//	for _, change := range report.Changes {
//		fmt.Println(change)
//	}
//
// There are four verdicts, and "no change" is not among them: either two sides
// are shown to be equivalent within the limits, or the report says how many more
// pairs it would take to know.
//
// Latency is tested by moderated t (Smyth 2004, "Linear models and empirical
// Bayes methods") on log-ratios of quantiles after the shift that all endpoints
// share is taken out; errors and content by Fisher's exact test with the counts
// shrunk by their overdispersion between blocks. Each of the three families is
// controlled by itself for its rate of false discoveries (Benjamini, Hochberg
// 1995) and gated by a least effect.
//
// The package is pure: no clock, no goroutine, no randomness, no I/O.
package compare
