package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
)

// The names of flow.Flow.Error.
const (
	failClient      = "client closed"         // the client went away
	failRequest     = "request cut"           // the answer came before the whole request was read
	failResponse    = "response cut"          // the target broke off in mid-body
	failStopped     = "stopped"               // the proxy was told to stop
	failPanic       = "internal error"        // a defect of the proxy
	failRefused     = "connect refused"       // nothing listens at the target
	failDialTimeout = "connect timeout"       // the target did not take the connection in time
	failNoRoute     = "host unreachable"      // no route to the target
	failNoHost      = "host not found"        // the name has no address
	failDial        = "connect failed"        // any other failure to connect
	failUntrusted   = "certificate untrusted" // the target's certificate was not verified
	failTLS         = "tls failed"            // the handshake with the target failed
	failItself      = "proxy loop"            // the target is this proxy
	failVia         = "via failed"            // the proxy in between, not the target, failed
	failReset       = "target reset"          // connection reset before an answer
	failClosed      = "target closed"         // connection closed before an answer
	failInvalid     = "response invalid"      // the answer was not HTTP
)

// A handshakeError is a failure of TLS with a target.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "tls handshake: " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// failure returns the error name of a request that was not answered, and a text for
// the client. The text holds nothing of the traffic but the target's name.
func failure(err error, host string) (name, text string) {
	var (
		via  *viaError
		op   *net.OpError
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		hand *handshakeError
	)
	dialing := errors.As(err, &op) && op.Op == "dial"
	switch {
	case errors.As(err, new(*loopError)):
		return failItself, loopText
	case errors.As(err, &via):
		return failVia, "no connection to " + host + " through the proxy " + via.host + via.hint()
	case errors.As(err, &cert):
		return failUntrusted, "the certificate of " + host + " is not trusted: " + untrusted(cert.Err)
	case errors.As(err, &hand):
		return failTLS, "TLS with " + host + " failed"
	case errors.As(err, &dns):
		return failNoHost, "cannot find the address of " + host
	case errors.Is(err, syscall.ECONNREFUSED):
		return failRefused, host + " refused the connection"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return failNoRoute, "cannot reach " + host
	case dialing && op.Timeout():
		return failDialTimeout, host + " did not take the connection in time"
	case dialing:
		return failDial, "cannot connect to " + host
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return failReset, host + " reset the connection"
	case closedEarly(err):
		return failClosed, host + " closed the connection without an answer"
	}
	return failInvalid, host + " did not answer with valid HTTP"
}

// closedEarly recognises the transport's errors for a connection that ended too early.
func closedEarly(err error) bool {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	switch err.Error() { // values that net/http does not export
	case "http: server closed idle connection", "http2: client connection lost":
		return true
	}
	return false
}

// untrusted says why a certificate was not verified.
func untrusted(err error) string {
	var (
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &host):
		return "it is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired or is not valid yet"
	case errors.As(err, &unknown):
		return "it is signed by an unknown authority; if that is right, record with --upstream-ca FILE, its certificate"
	}
	return "it could not be verified"
}
