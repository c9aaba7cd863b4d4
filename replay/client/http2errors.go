package client

import (
	"errors"
	"fmt"
	"strings"
)

// streamError takes the error of net/http about one HTTP/2 stream. errors.As of that
// error fills any struct that has these fields.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "" }

// http2Codes are the names of error codes that say what was wrong (RFC 9113,
// section 7).
var http2Codes = map[uint32]string{
	0x1: protocolBroken, 0x3: flowControl, 0x6: frameBroken, 0x9: compressionError,
}

// nameHTTP2 names an error of net/http's HTTP/2. The new text holds nothing that
// the target sent.
func nameHTTP2(err error) error {
	if err == nil || errors.As(err, new(*namedError)) {
		return err
	}
	var stream streamError
	if errors.As(err, &stream) {
		return nameStream(stream)
	}
	if known := recognise(err); known != nil {
		return known
	}
	return err
}

// recognise names an error by its text. It returns nil if it does not know the text.
func recognise(err error) error {
	text := err.Error()
	for _, known := range http2Texts {
		if strings.Contains(text, known.sign) {
			return &namedError{known.name, errors.New(known.text)}
		}
	}
	return nil
}

// http2Texts recognise the errors that have no type, in this order.
var http2Texts = []struct{ sign, name, text string }{
	{"Server's graceful shutdown GOAWAY", streamRefused, "the target sent GOAWAY and has not looked at the request"},
	{"GOAWAY", goAway, "the target ended the connection by GOAWAY"},
	{"FLOW_CONTROL_ERROR", flowControl, "the target sent more than the window"},
	{"FRAME_SIZE_ERROR", frameBroken, "the target sent a frame of a wrong size"},
	{"frame too large", frameBroken, "the target sent a frame of a wrong size"},
	{"COMPRESSION_ERROR", compressionError, "the target's head cannot be decompressed"},
	{"PROTOCOL_ERROR", protocolBroken, "the target broke a rule of HTTP/2"},
	{"header list larger", longHead, "the head of the answer is too large"},
	{"header list too large", longHead, "the head of the answer is too large"},
	{"more than declared Content-Length", badLength, "the body is longer than its Content-Length"},
	{"malformed response", badResponse, "the head of the answer is malformed"},
	{"1xx informational response", badResponse, "an interim answer ends the exchange"},
	{"client conn not usable", streamRefused, "the connection ended before the request"},
	{"client conn is closed", closed, "the target closed the connection"},
	{"could not be established", closed, "the target closed the connection"},
	{"connection lost", closed, "the target closed the connection"},
	{"invalid header", badRequest, "a field of the request is not valid"},
	{"invalid trailer", badRequest, "a trailer of the request is not valid"},
	{"invalid method", badRequest, "the method of the request is not valid"},
	{"may only be", badRequest, "a field of the request is not valid in HTTP/2"},
}

// nameStream names the end of one stream.
func nameStream(e streamError) error {
	var ours *namedError
	switch {
	case e.Cause == nil:
	case errors.As(e.Cause, &ours):
		return ours
	case e.Cause.Error() != "received from peer":
		if known := recognise(e.Cause); known != nil {
			return known
		}
	case e.Code == 0x7: // REFUSED_STREAM
		return &namedError{streamRefused, errors.New("the target refused the exchange")}
	default:
		return &namedError{streamReset, fmt.Errorf("the target ended the exchange with code %d", e.Code)}
	}
	if name, known := http2Codes[e.Code]; known {
		return &namedError{name, fmt.Errorf("the target broke HTTP/2 (code %d)", e.Code)}
	}
	return &namedError{streamReset, fmt.Errorf("the exchange ended with code %d", e.Code)}
}

// spoils reports whether a connection cannot be used any more after an error: the
// target broke the protocol, or is gone.
func spoils(err error) bool {
	switch ErrorName(err) {
	case "", timeout, canceled, badRequest, upload, streamReset, streamRefused, badLength:
		return false
	}
	return true
}
