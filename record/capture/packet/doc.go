// Package packet turns a network interface or a capture file into TCP segments.
//
// The central type is [Source]. [Read] makes one from a pcap or pcapng file (also gzip'd
// or xz'd, also from a pipe). [Listen] makes one for each reader of a Linux network
// interface.
//
//	src, err := packet.Read(bytes.NewReader(file), packet.ReadOptions{})
//	var s packet.Segment
//	for err = src.Next(&s); err == nil; err = src.Next(&s) {
//		fmt.Printf("%v > %v at %d: %q\n", s.Src, s.Dst, s.Time, s.Payload)
//	}
//
// Everything below TCP is undone here: link headers, VLAN tags, VXLAN, GENEVE and GRE
// tunnels, IPv6 extension headers, IP fragments, and merged packets larger than 64 KiB.
// What is above (order, retransmission, gaps, connections) is left to others. Checksums
// are not checked: with offloading they are wrong in every capture taken on the sending
// machine.
//
// # What is gopacket's and what is not
//
// gopacket's pcapgo reads classic pcap files, and its DecodingLayerParser decodes packets
// with its layers. The rest is written here, because in version 1.1.19 of gopacket:
//
//   - the link type of a file is kept in 8 bits, so SLL2 (276) reads as 20; here it is
//     read from the file header;
//   - a file header with snap length 0, or a packet longer than the snap length, ends
//     the reading; here the limit is set anew after opening;
//   - the pcapng reader ignores decryption secrets, takes a file cut in the middle of a
//     block for a whole one, allocates any length that a block states, and narrows link
//     types as above; here the blocks are read without it;
//   - IPv4 cuts packets beyond 64 KiB modulo 2¹⁶, TCP refuses a header whose options
//     are cut or odd, GENEVE keeps the options of all packets ever decoded, and GRE and
//     SLL panic on short input;
//   - the container reader of the xz library takes a file cut behind a block for a
//     whole one; here only its LZMA2 decoder is used;
//   - afpacket needs cgo, and pcapgo's EthernetHandle has no ring; here the ring is
//     written on golang.org/x/sys/unix.
//
// # Limits
//
// A packet or a pcapng block longer than 16 MiB is an error with its offset, and is
// passed over. Fragments that wait take at most 4 MiB. An xz dictionary takes at most 128
// MiB. No other memory grows with the input.
//
// Sources: the pcap and pcapng drafts of the IETF opsawg, RFC 791, 8200, 2675, 7348,
// 8926, 2784, 2890, 9293, and packet_mmap of the Linux kernel documentation.
//
// It is one package because its only product is the [Segment]. Link layers, tunnels,
// fragments, file formats and the ring are the steps from bytes to a segment, and no
// other package needs one of them.
package packet
