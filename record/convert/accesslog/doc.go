// Package accesslog reads access logs: lines in a format of Apache
// (mod_log_config), of nginx (log_format), of Envoy, of the load balancers of AWS and of
// CloudFront, in the W3C's extended format, or in JSON.
//
// The flows have no bodies and only the header lines that the log names. The lines of
// one address and agent form a session until they pause for longer than
// [Format.SessionGap]. Each session becomes a connection.
package accesslog
