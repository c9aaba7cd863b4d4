package stats

// leastFolded is the number of assets from which on a table shows them on one line.
const leastFolded = 2

// Assets returns the endpoints that are parts of pages as one, for tables that show them
// on one line: their sums and the longest of their times, without quantiles. n is how
// many there are, 0 where there are too few to fold.
func (s *Summary) Assets() (all EndpointSummary, n int) {
	matched := 0.0
	for _, e := range s.Endpoints {
		if !e.Asset {
			continue
		}
		n++
		all.Requests += e.Requests
		all.Failures += e.Failures
		all.Skipped += e.Skipped
		all.Rate += e.Rate
		matched += e.OutcomeMatch * float64(e.Requests+e.Skipped)
		all.Response.Max = max(all.Response.Max, e.Response.Max)
	}
	if n < leastFolded {
		return EndpointSummary{}, 0
	}
	all.Name = counted(uint64(n), "part") + " of pages"
	if total := all.Requests + all.Skipped; total > 0 {
		all.OutcomeMatch = matched / float64(total)
	}
	return all, n
}

// Unfold makes tables show each endpoint on a line of its own.
func (s *Summary) Unfold() {
	for i := range s.Endpoints {
		s.Endpoints[i].Asset = false
	}
}
