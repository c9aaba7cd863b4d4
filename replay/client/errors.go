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

// protocolError is an answer or request that breaks HTTP.
type protocolError struct {
	what string
	err  error
}

func (e *protocolError) Error() string { return e.what + ": " + e.err.Error() }
func (e *protocolError) Unwrap() error { return e.err }

// discreetError is an error that quotes what the target sent, which may be a
// cookie or a token, without the quotation.
type discreetError struct{ err error }

func (e *discreetError) Error() string {
	text, _, _ := strings.Cut(e.err.Error(), `"`)
	return strings.TrimRight(text, " :")
}
func (e *discreetError) Unwrap() error { return e.err }

// discreet keeps what an answer that is not HTTP holds out of the error's text.
func discreet(err error) error {
	if err == nil || !isGarbage(err) {
		return err
	}
	return &discreetError{err}
}

// ErrorName returns the short stable name of an error of Do, for counting:
//
//	timeout          no whole answer in time
//	canceled         the caller gave up
//	connect refused  nobody listens
//	connect timeout  no connection in time
//	dns              the host name has no address
//	tls              the handshake failed or the certificate is not trusted
//	reset            the target broke the connection
//	closed           the target closed before the answer was whole
//	bad response     the answer is not HTTP, or larger than the limits
//	descriptors      this machine has no file descriptors left
//	ports            this machine has no local ports left
//	network          anything else
func ErrorName(err error) string {
	var (
		dns      *net.DNSError
		op       *net.OpError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		verify   *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		protocol *protocolError
	)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "descriptors"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "ports"
	case errors.Is(err, context.Canceled), errors.Is(err, errClosed), errors.Is(err, net.ErrClosed):
		return "canceled"
	case errors.As(err, &dns):
		return "dns"
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		return "connect timeout"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connect refused"
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &verify), errors.As(err, &unknown),
		strings.Contains(err.Error(), "tls: "):
		return "tls"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.As(err, &protocol), isGarbage(err):
		return "bad response"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed"):
		return "closed"
	}
	return "network"
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// isGarbage recognises net/http's refusals of an answer, which have no type.
func isGarbage(err error) bool {
	text := err.Error()
	for _, sign := range []string{"malformed", "message cannot", "invalid", "unexpected", "too long", "too many", "exceeded", "chunk", "PROTOCOL_ERROR", "FRAME_SIZE_ERROR", "COMPRESSION_ERROR"} {
		if strings.Contains(text, sign) && !strings.Contains(text, "unexpected EOF") {
			return true
		}
	}
	return false
}
