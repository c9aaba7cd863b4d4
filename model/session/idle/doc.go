// Package idle finds the pause after which a user's next request begins a new visit, from
// the pauses of a recording.
//
//	var g idle.Gaps
//	for range 100 {
//		g.Add(20 * time.Second)
//		g.Add(30 * time.Second)
//		g.Add(9 * time.Hour)
//		g.Add(11 * time.Hour)
//	}
//	pause, found := g.Pause()
//	fmt.Println(found, pause > time.Minute, pause < 9*time.Hour)
//
// The logarithms of pauses within visits and between them are two Gaussians. The pause
// that is as likely in one as in the other parts them. It is found only where two fit far
// better than one (Halfaker et al. 2015, arXiv 1411.2878).
package idle
