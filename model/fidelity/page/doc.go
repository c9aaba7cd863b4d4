// Package page writes a report on fidelity as one web page, which needs nothing from
// elsewhere: the headline, the worst metrics, all figures, and the distributions of both
// traffics drawn over each other.
//
//	err := page.Write(&out, "shop.model", "shop.flow.zst", report)
package page
