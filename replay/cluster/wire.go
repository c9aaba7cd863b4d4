package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// joinSubject is where replayers ask for work. Everything else lives under the
// name of the run.
const joinSubject = "starling.join"

// maxInterval bounds a decoded interval in bytes.
const maxInterval = 64 << 20

func beatSubject(run, name string) string     { return "starling." + run + ".beat." + name }
func readySubject(run, name string) string    { return "starling." + run + ".ready." + name }
func doneSubject(run, name string) string     { return "starling." + run + ".done." + name }
func intervalSubject(run, name string) string { return "starling." + run + ".interval." + name }
func clockSubject(run string) string          { return "starling." + run + ".clock" }

// bucketName names the key-value bucket, the object store and the stream.
func bucketName(run string) string { return "starling-" + run }

// Keys of the bucket.
const (
	specKey  = "spec"
	startKey = "start"
	stopKey  = "stop"
)

func assignKey(name string) string { return "assign." + name }

// payloadObject names the payload in the object store.
const payloadObject = "payload"

type joinRequest struct {
	Name string `json:"name"`
}

type joinReply struct {
	Run    string `json:"run,omitempty"`
	Refuse string `json:"refuse,omitempty"`
}

type assignment struct {
	Index int `json:"index"`
	Count int `json:"count"`
}

type startOrder struct {
	At time.Time `json:"at"` // on the coordinator's clock
}

type beatReply struct {
	Order order `json:"order"`
}

type clockReply struct {
	Now time.Time `json:"now"`
}

type doneReport struct {
	Intervals uint64 `json:"intervals"` // sent, from number 0 without gaps
	Failure   string `json:"failure,omitempty"`
	Left      bool   `json:"left,omitempty"` // it was ended before its share was played
}

// encodeInterval packs an interval for the wire.
func encodeInterval(iv *stats.Interval) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(iv); err != nil {
		return nil, fmt.Errorf("encode interval %d: %w", iv.Seq, err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("encode interval %d: %w", iv.Seq, err)
	}
	return b.Bytes(), nil
}

// decodeInterval is the inverse of encodeInterval.
func decodeInterval(data []byte) (*stats.Interval, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode interval: %w", err)
	}
	iv := new(stats.Interval)
	if err := json.NewDecoder(io.LimitReader(z, maxInterval)).Decode(iv); err != nil {
		return nil, fmt.Errorf("decode interval: %w", err)
	}
	return iv, nil
}

// subjectName makes a replayer's name fit to be part of a subject.
func subjectName(name string) string {
	out := []byte(name)
	for i, c := range out {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			out[i] = '_'
		}
	}
	if len(out) == 0 {
		return "replayer"
	}
	return string(out[:min(len(out), 64)])
}
