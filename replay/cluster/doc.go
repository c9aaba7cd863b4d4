// Package cluster plays one plan on many replayers and brings what they count
// together. Coordinator and replayers talk over NATS with JetStream, as
// PROTOCOL.md says.
//
// A replayer, most often a process of its own:
//
//	err := cluster.Join(ctx, cluster.JoinOptions{URL: url, Name: "host-1", Play: play})
//
// The coordinator:
//
//	err := cluster.Coordinate(ctx, cluster.Options{
//		Replayers: 1, Spec: json.RawMessage(`{"users": 50}`), Payload: strings.NewReader("a model"),
//		OnReady:    startReplayer,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//		OnLost:     func(name string) { fmt.Println(name, "is silent") },
//		OnFound:    func(name string) { fmt.Println(name, "is back") },
//	})
//
// What is played is opaque to the package: Spec and Payload travel from
// Coordinate to Play as they are. Each replayer gets a segment of the sessions
// and needs nobody until it ends; the coordinator assigns, gives the start,
// collects, and notices silence. Who does what when is decided by a state
// machine without clock or network (state), which its tests drive by script.
//
// A replayer that falls silent is marked lost; its share of the load is missing
// until it is heard again. A replayer whose coordinator is out of reach stops
// sending within some seconds, and goes on when the coordinator is back (watch).
package cluster
