package packet_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/starling-load/starling/record/capture/packet"
)

// A pcap file with one packet, read to its end.
func ExampleRead() {
	file, _ := hex.DecodeString("d4c3b2a1020004000000000000000000ffff000065000000" + // little-endian, raw IP
		"00f15365050000002c0000002c000000" + // 44 bytes at 1700000000.000005
		"4500002c00000000400600000a0100070a020050" + // IPv4
		"9c471f90000003e8000007d050180200000000006f6b0d0a") // TCP
	src, err := packet.Read(bytes.NewReader(file), packet.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()
	var s packet.Segment
	for err = src.Next(&s); err == nil; err = src.Next(&s) {
		fmt.Printf("%v > %v at %d: %q\n", s.Src, s.Dst, s.Time, s.Payload)
	}
	fmt.Println(err == io.EOF, src.Counts().Segments)
	// Output:
	// 10.1.0.7:40007 > 10.2.0.80:8080 at 1700000000000005000: "ok\r\n"
	// true 1
}
