// Package fidelity measures how far traffic is from a recording: traffic that a model
// generates, or that was recorded of a replay.
//
// A [Traffic] keeps some 50 bytes of each request, and no bodies. [Compare] measures:
//
//	report, err := fidelity.Compare(recorded, generated, fidelity.Options{})
//	fmt.Printf("%.0f, worst: %s\n", report.Fidelity, report.Worst[0])
//
// Two halves of one recording differ too, by chance. That distance is the floor of a
// metric. It is the median over random halvings by user, and what is reported is the
// ratio to it:
//
//	floor = median of D(A, B)   A, B: random halves of the recording
//	ratio = median of D(A, G)   G: as many sessions of the other traffic
//	        ─────────────────
//	              floor
//
// So 1 means: as much like the recording as the recording is like itself. All of these
// sets have the same size, so that neither the size of a recording nor the scale of a
// replay counts. A metric differs if its ratio is above its limit, its distance on the
// whole traffic above a limit of its own, and more than chance explains.
//
// The headline sums up the metrics, each with its greatest part:
//
//	fidelity = 100·exp(−mean over metrics of max(0, ln(ratio / limit)))
//
// The package has no clock and sends nothing. The same traffic and seed give the same
// report. What a metric is, and its limits, follow the literature on workload models:
// WESSBAS (van Hoorn and others 2018), Cadez and others 2000, Lopez-Paz and Oquab 2017
// for the classifier two-sample test.
package fidelity
