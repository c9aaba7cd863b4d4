// Package cluster plays one plan on many replayers and collects what they count.
// Coordinator and replayers talk over NATS with JetStream, as PROTOCOL.md says.
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
// The package does not look into what is played: Spec and Payload travel from
// Coordinate to Play as they are. The coordinator gives each replayer a segment of
// the sessions, gives the start, collects the counts, and notices silence. A state
// machine without clock or network decides who does what when (state); its tests
// drive it by script.
//
// A replayer that falls silent is marked lost; its share of the load is missing
// until it is heard again. A replayer whose coordinator is out of reach stops
// sending within some seconds, and goes on when the coordinator is back (watch).
package cluster
