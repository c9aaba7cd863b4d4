// Package dryrun plays the sessions of a source without a network and without waiting: on
// a clock of its own, and with answers that its caller has.
//
//	err = dryrun.Play(source, arrivals, dryrun.Options{
//		Answer: func(a dryrun.Asked) *flow.Flow { return recorded[a.Act.Endpoint] },
//		Give:   func(x dryrun.Exchange) error { fmt.Println(x.Sent, x.Act.Endpoint); return nil },
//	})
//
// An act is sent when it is due, and its answer takes as long as it took in the recording.
// So the exchanges are those of a replay against a target that answers as fast as the
// recorded one did.
package dryrun
