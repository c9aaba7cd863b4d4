// Package rehearse plays a model against the answers of its own recording, without a
// network, and says what would come of it:
//
//	v, err := rehearse.Play(m, func(session int) []*flow.Flow { return flows[session] })
//	fmt.Println(v.Verdict, v.Reasons, err)
//
// A target that answers as it did in the recording must be sent what was recorded. What
// is not sent, since a value is missing, or is sent otherwise, is lost in a replay too.
// So this shows, before a target is there, what a model cannot do.
package rehearse
