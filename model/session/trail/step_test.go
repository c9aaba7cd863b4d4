package trail

import "testing"

func TestTheLikeliestReaderIsTheOneForWhomMostSpeaks(t *testing.T) {
	var p Pace
	for range 50 {
		p.Add(2e9)
	}
	usual := Step{Age: 2e9, Comes: true, Loaded: true, Last: true}
	for _, c := range []struct {
		name        string
		more, less  Step
		moreThanNew bool
	}{
		{"who looks at the page, not who has left it", usual, Step{Age: 2e9, Comes: true, Loaded: true}, true},
		{"who loaded the page, not who did not", usual, Step{Age: 2e9, Comes: true}, true},
		{"who has looked at it for as long as readers do, not for a moment", usual, Step{Age: 5e7, Comes: true, Loaded: true, Last: true}, true},
		{"nor for minutes", usual, Step{Age: 300e9, Comes: true, Loaded: true, Last: true}, true},
		{"who had what was not fetched", Step{Age: 2e9, Known: 3}, Step{Age: 2e9, Lacked: 3}, true},
		{"who lacks what was fetched", usual, Step{Age: 2e9, Comes: true, Loaded: true, Last: true, Twice: 2}, true},
		{"who does not show a name, as the request does not", usual, Step{Age: 2e9, Comes: true, Loaded: true, Last: true, Shown: true}, true},
		{"whose script is at work, not who waits", Step{Age: 1e7, Quick: true, Beside: true}, Step{Age: 1e7, Quick: true}, true},
		{"who has not asked for it", Step{Age: 2e9, Last: true}, Step{Age: 2e9, Last: true, Asked: true}, true},
		{"nobody, where one begins as all begin", Step{Age: 2e9}, Step{Age: 2e9, Likewise: true, Twice: 1}, true},
		{"nobody, after a long time", Step{Age: 600e9}, Step{Age: 600e9, Comes: true}, false},
	} {
		more, less := c.more.Odds(&p), c.less.Odds(&p)
		if more <= less || more > 0 != c.moreThanNew {
			t.Errorf("%s: odds %.2f and %.2f", c.name, more, less)
		}
	}
	// It loads a page of the site as the first one, and what all pages need.
	if odds := (&Step{Age: 2e9, Known: 3, Twice: 2}).Odds(&p); odds > 0 {
		t.Errorf("odds %.2f that a client which fetches all anew is one that keeps it", odds)
	}
}
