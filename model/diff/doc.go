// Package diff says what users do differently in one model than in another, such as
// this week's and last week's:
//
//	d := diff.Compare(old, now)
//	for _, e := range d.Endpoints {
//		fmt.Println(e.Name, e.Was, e.Now)
//	}
//
// Models are learned from samples of sessions, so most figures differ by chance. A
// change is named when it is larger than chance would make it, and large enough to
// matter.
package diff
