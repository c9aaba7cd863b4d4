package tcp

// Counts tell what an Assembler has seen since it was made.
type Counts struct {
	Segments    uint64 // segments taken
	Connections uint64 // connections passed to open as a Conn
	MidStream   uint64 // of these, begun without a handshake
	Bytes       uint64 // delivered as Data
	Gaps        uint64 // holes told as a Gap
	Missing     uint64 // bytes in them
	Repeated    uint64 // bytes seen again: retransmissions, overlaps, packets captured twice
	Outside     uint64 // segments dropped because they do not fit into their connection
	Evicted     uint64 // connections closed because there were too many
	Overflows   uint64 // times that a full memory budget turned a wait into a Gap
	Open        int    // connections held now
	Waiting     int    // bytes of memory held now for segments that wait
}
