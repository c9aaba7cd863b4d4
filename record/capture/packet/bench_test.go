package packet

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

// BenchmarkRead measures the cost of one packet of a capture file. Half of the packets
// are acknowledgments, half carry 1 kB.
func BenchmarkRead(b *testing.B) {
	small, large := framed(0x0800, plain4("")), framed(0x0800, plain4(strings.Repeat("x", 1024)))
	var packets [][]byte
	for range 5000 {
		packets = append(packets, small, large)
	}
	ng := newBlocks(binary.LittleEndian).section().netIf(linkEthernet)
	tunnel := newBlocks(binary.LittleEndian).section().netIf(linkEthernet)
	for i, p := range packets {
		ng.enhanced(0, uint64(i), p)
		tunnel.enhanced(0, uint64(i), vxlanDepth(1))
	}
	for name, file := range map[string][]byte{
		"pcap":         pcapOf(binary.LittleEndian, false, 0, linkEthernet, packets...),
		"pcapng":       ng.Bytes(),
		"pcapng-vxlan": tunnel.Bytes(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file) / len(packets)))
			var s Segment
			for n := 0; n < b.N; {
				src, err := Read(bytes.NewReader(file), ReadOptions{})
				if err != nil {
					b.Fatal(err)
				}
				for ; n < b.N; n++ {
					if err := src.Next(&s); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
