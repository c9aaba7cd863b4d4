package flowfile

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Every frame but the compressed blocks themselves is a skippable zstd frame of
// this shape, little-endian:
//
//	magic u32 | size u32 | signature 4 bytes | body | xxhash64 of all before u64
//
// size counts from the signature to the end of the hash, as zstd has it.
const (
	frameMagic = 0x184D2A5B
	frameHead  = 8              // magic and size
	frameExtra = frameHead + 12 // plus signature and hash

	sigFile   = "flow"
	sigBlock  = "fblk"
	sigIndex  = "fidx"
	sigTotals = "ftot"
	sigEnd    = "fend"

	fileTitle    = "starling flow\n"
	fileVersion  = 1
	fileHeadSize = frameExtra + len(fileTitle) + 2 + 8 + 8
	endSize      = frameExtra + 24
	entrySize    = 32
)

// Limits of the format. A reader trusts no length above them.
const (
	// MaxRecord is the longest record in bytes.
	MaxRecord = 64 << 20

	// MaxBody is the greatest WriterOptions.MaxBody, in bytes.
	MaxBody = maxPieces * pieceSize

	maxRaw       = MaxRecord + 16 // a block of one record with its length
	maxBlockHead = 32 << 10
	maxTotals    = 1 << 20
	maxSet       = 2048
	maxHeaders   = 1 << 16
	maxLines     = 1 << 18 // header lines of all headers and trailers of a flow
	maxInterim   = 1 << 10
	maxMessages  = 1 << 20
	maxBodies    = 1 << 20 // body records of a block that flows can refer to
)

var errFrame = errors.New("checksum does not match")

// openFrame begins a frame at the end of dst; closeFrame ends the frame that
// began at start.
func openFrame(dst []byte, sig string) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, frameMagic)
	dst = binary.LittleEndian.AppendUint32(dst, 0)
	return append(dst, sig...)
}

func closeFrame(dst []byte, start int) []byte {
	binary.LittleEndian.PutUint32(dst[start+4:], uint32(len(dst)-start-frameHead+8))
	return binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[start:]))
}

// frameLen returns the whole length of the frame that begins b and has the
// signature, without checking its hash. b holds at least 12 bytes.
func frameLen(b []byte, sig string) (int64, bool) {
	if binary.LittleEndian.Uint32(b) != frameMagic || string(b[frameHead:frameHead+4]) != sig {
		return 0, false
	}
	n := int64(binary.LittleEndian.Uint32(b[4:])) + frameHead
	return n, n >= frameExtra
}

// parseFrame returns the body of the one frame that b is, if its hash matches.
func parseFrame(b []byte, sig string) ([]byte, error) {
	if len(b) < frameExtra {
		return nil, errFrame
	}
	n, ok := frameLen(b, sig)
	if !ok || n != int64(len(b)) {
		return nil, errFrame
	}
	end := len(b) - 8
	if xxhash.Sum64(b[:end]) != binary.LittleEndian.Uint64(b[end:]) {
		return nil, errFrame
	}
	return b[frameHead+4 : end], nil
}

// A fileHead begins the file.
type fileHead struct {
	id      uint64 // random; every block carries it
	created int64  // unix nanoseconds
}

func (h fileHead) append(dst []byte) []byte {
	start := len(dst)
	dst = openFrame(dst, sigFile)
	dst = append(dst, fileTitle...)
	dst = binary.LittleEndian.AppendUint16(dst, fileVersion)
	dst = binary.LittleEndian.AppendUint64(dst, h.id)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.created))
	return closeFrame(dst, start)
}

func parseFileHead(b []byte) (fileHead, error) {
	body, err := parseFrame(b, sigFile)
	if err != nil {
		return fileHead{}, err
	}
	if len(body) < len(fileTitle)+18 || string(body[:len(fileTitle)]) != fileTitle {
		return fileHead{}, errFrame
	}
	body = body[len(fileTitle):]
	if v := binary.LittleEndian.Uint16(body); v != fileVersion {
		return fileHead{}, fmt.Errorf("format version %d: %w", v, ErrVersion)
	}
	return fileHead{
		id:      binary.LittleEndian.Uint64(body[2:]),
		created: int64(binary.LittleEndian.Uint64(body[10:])),
	}, nil
}

// A blockHead stands before each block and tells what is in it.
type blockHead struct {
	id         uint64 // of the file
	number     uint64 // counted from 0
	firstFlow  uint64 // number of the first flow in it, or of the next one
	flows      uint32
	flags      uint32 // 0; a reader refuses a block with flags that it does not know
	raw        uint32 // length decompressed
	stored     uint32 // length of the zstd frame behind the head
	start, end int64  // least and greatest Flow.Start in it, unix nanoseconds; both 0 without flows
	hash       uint64 // xxhash64 of the zstd frame
	sessions   set
	endpoints  set
}

const blockFixed = 72

// Numbers, Starts, MaySession and MayEndpoint make it a flow.Outline.
func (h *blockHead) Numbers() (uint64, uint32)    { return h.firstFlow, h.flows }
func (h *blockHead) Starts() (int64, int64)       { return h.start, h.end }
func (h *blockHead) MaySession(hash uint64) bool  { return h.sessions.may(hash) }
func (h *blockHead) MayEndpoint(hash uint64) bool { return h.endpoints.may(hash) }

func (h *blockHead) append(dst []byte) []byte {
	start := len(dst)
	dst = openFrame(dst, sigBlock)
	for _, v := range [...]uint64{h.id, h.number, h.firstFlow} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	for _, v := range [...]uint32{h.flows, h.flags, h.raw, h.stored} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	for _, v := range [...]uint64{uint64(h.start), uint64(h.end), h.hash} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	dst = h.sessions.append(dst)
	dst = h.endpoints.append(dst)
	return closeFrame(dst, start)
}

func parseBlockHead(b []byte) (blockHead, error) {
	body, err := parseFrame(b, sigBlock)
	if err != nil {
		return blockHead{}, err
	}
	if len(body) < blockFixed-8 {
		return blockHead{}, errFrame
	}
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	h := blockHead{
		id: u64(body), number: u64(body[8:]), firstFlow: u64(body[16:]),
		flows: u32(body[24:]), flags: u32(body[28:]), raw: u32(body[32:]), stored: u32(body[36:]),
		start: int64(u64(body[40:])), end: int64(u64(body[48:])), hash: u64(body[56:]),
	}
	rest := body[64:]
	if h.sessions, rest, err = parseSet(rest); err != nil {
		return blockHead{}, err
	}
	if h.endpoints, _, err = parseSet(rest); err != nil {
		return blockHead{}, err
	}
	return h, nil
}

// An endFrame closes the file: it is the last thing in it and has a fixed size.
type endFrame struct {
	index  int64  // offset of the index frame
	totals int64  // offset of the totals frame
	blocks uint64 // entries of the index
}

// append writes the frame as it stands at offset at. Offsets are stored as distances
// back: they stay true where bytes before are lost or added.
func (e endFrame) append(dst []byte, at int64) []byte {
	start := len(dst)
	dst = openFrame(dst, sigEnd)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(at-e.index))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(at-e.totals))
	dst = binary.LittleEndian.AppendUint64(dst, e.blocks)
	return closeFrame(dst, start)
}

// parseEnd reads the end frame of a file of size bytes and checks that the
// frames that it names fit together.
func parseEnd(b []byte, size int64) (endFrame, error) {
	body, err := parseFrame(b, sigEnd)
	if err != nil {
		return endFrame{}, err
	}
	u64, at := binary.LittleEndian.Uint64, size-endSize
	if u64(body) > uint64(at) || u64(body[8:]) > u64(body) {
		return endFrame{}, errFrame
	}
	e := endFrame{index: at - int64(u64(body)), totals: at - int64(u64(body[8:])), blocks: u64(body[16:])}
	length := e.totals - e.index - frameExtra
	switch {
	case e.index < int64(fileHeadSize) || length < 0:
		return endFrame{}, errFrame
	case uint64(length) != e.blocks*entrySize || e.blocks > uint64(size):
		return endFrame{}, errFrame
	}
	return e, nil
}

// An entry of the index tells where a block is, and its first flow and times.
type entry struct {
	offset    int64
	firstFlow uint64
	start     int64 // least Flow.Start in the block
	latest    int64 // greatest Flow.Start in the block or any before it: never falls
}

func (e entry) append(dst []byte) []byte {
	for _, v := range [...]uint64{uint64(e.offset), e.firstFlow, uint64(e.start), uint64(e.latest)} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	return dst
}

func parseEntry(b []byte) entry {
	u64 := binary.LittleEndian.Uint64
	return entry{offset: int64(u64(b)), firstFlow: u64(b[8:]), start: int64(u64(b[16:])), latest: int64(u64(b[24:]))}
}
