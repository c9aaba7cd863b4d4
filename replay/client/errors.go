package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// The names of errors. They are part of reports: a name never changes its meaning.
const (
	timeout          = "timeout"
	canceled         = "canceled"
	badRequest       = "bad request"
	upload           = "upload"
	descriptors      = "descriptors"
	ports            = "ports"
	dns              = "dns"
	connectRefused   = "connect refused"
	connectTimeout   = "connect timeout"
	unreachable      = "unreachable"
	proxyRefused     = "proxy"
	tlsFailed        = "tls"
	noHTTP2          = "no http/2"
	reset            = "reset"
	closed           = "closed"
	badResponse      = "bad response"
	badLength        = "bad length"
	badChunk         = "bad chunk"
	badUpgrade       = "bad upgrade"
	badMessage       = "bad message"
	longHead         = "long head"
	interimFlood     = "interim flood"
	strayBytes       = "stray bytes"
	goAway           = "goaway"
	streamReset      = "stream reset"
	streamRefused    = "stream refused"
	flowControl      = "flow control"
	frameBroken      = "bad frame"
	protocolBroken   = "protocol"
	compressionError = "header compression"
	network          = "network"
)

// A namedError is an error whose name is known.
type namedError struct {
	name string
	err  error
}

func (e *namedError) Error() string { return e.err.Error() }
func (e *namedError) Unwrap() error { return e.err }

// named gives err a name, unless err has one already.
func named(name string, err error) error {
	if errors.As(err, new(*namedError)) {
		return err
	}
	return &namedError{name, err}
}

// ErrorName returns the short stable name of an error of Do, for counting. No
// error's text holds anything that the target sent.
//
//	timeout             no whole answer in time
//	canceled            the caller gave up, or closed the pool
//	bad request         the request cannot be sent as HTTP
//	upload              the source of the body failed, or has another length
//	descriptors         this machine has no file descriptors left
//	ports               this machine has no local ports left
//	dns                 the host name has no address
//	connect refused     nobody listens
//	connect timeout     no connection in time
//	unreachable         no route leads to the target
//	proxy               the proxy does not connect to the target
//	tls                 the handshake failed or the certificate is not trusted
//	no http/2           the target does not agree to the HTTP/2 that was asked for
//	reset               the target broke the connection
//	closed              the target closed before the answer was whole
//	bad response        the answer is not HTTP
//	bad length          the answer's length is no number, or not that of the body
//	bad chunk           the chunks of the answer's body are malformed
//	bad upgrade         the target changed the protocol unasked, or to another than was asked for
//	bad message         the bytes of a stream are no messages
//	long head           the answer's head or trailers are larger than 256 KiB
//	interim flood       too many answers 1xx came before the answer
//	stray bytes         bytes that belong to no answer came before the answer
//	goaway              HTTP/2: the target ended the connection by GOAWAY
//	stream reset        HTTP/2: the target ended the exchange by RST_STREAM
//	stream refused      HTTP/2: the target refused the request without looking at it
//	flow control        HTTP/2: the target sent more than it was allowed to
//	bad frame           HTTP/2: a frame has a wrong size
//	protocol            HTTP/2: the target broke another rule
//	header compression  HTTP/2: the target's head cannot be decompressed
//	network             anything else
func ErrorName(err error) string {
	var known *namedError
	var op *net.OpError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return descriptors
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return ports
	case errors.As(err, &known):
		return known.name
	case errors.Is(err, context.Canceled):
		return canceled
	case errors.As(err, new(*net.DNSError)):
		return dns
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		return connectTimeout
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return timeout
	}
	return nameBroken(err)
}

// nameBroken names an error that the target or the network caused.
func nameBroken(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return connectRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return unreachable
	case errors.As(err, new(tls.AlertError)), strings.Contains(err.Error(), "tls: "):
		return tlsFailed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return reset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return closed
	}
	return network
}

// blameTLS names an error of a handshake.
func blameTLS(err error) error {
	var (
		record  tls.RecordHeaderError
		alert   tls.AlertError
		verify  *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
	)
	if err == nil {
		return nil
	}
	if errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify) || errors.As(err, &unknown) ||
		strings.Contains(err.Error(), "tls: ") {
		return named(tlsFailed, err)
	}
	return err
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
