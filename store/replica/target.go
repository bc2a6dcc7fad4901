package replica

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/benbjohnson/litestream"
	"github.com/benbjohnson/litestream/file"
	"github.com/benbjohnson/litestream/s3"
)

// Target is the second place that takes the copies (複製先): a folder, or a
// path in a bucket that speaks S3.
type Target struct {
	name   string
	folder string // set for folders
	dial   func() litestream.ReplicaClient
}

// String names the target as it was understood. It holds no secret.
func (t Target) String() string { return t.name }

// Folder is the target's folder, or "" for a bucket.
func (t Target) Folder() string { return t.folder }

// IsZero reports whether no target was given.
func (t Target) IsZero() bool { return t.dial == nil }

// Client opens the target for reading and writing. Every call of it that may
// touch the network or a remote disk ends by a deadline of its own.
func (t Target) Client() litestream.ReplicaClient { return newClient(t.dial()) }

// Parse reads where copies go: a folder ("/mnt/nas/madoguchi"), the same as
// "file:///mnt/nas/madoguchi", or
// "s3://bucket/path?endpoint=https://…&region=…". The keys of a bucket come
// from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never from the address,
// which every user of the machine can read in the list of processes. The error
// names everything that is wrong with the address at once.
func Parse(address string) (Target, error) {
	if strings.TrimSpace(address) == "" {
		return Target{}, errors.New("no place for the copies is given")
	}
	if !strings.Contains(address, "://") {
		return folderTarget(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return Target{}, fmt.Errorf("read the address of the copies: %w", err)
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return Target{}, fmt.Errorf("%s: a file address names no machine; write three slashes, file:///folder", address)
		}
		if u.RawQuery != "" || u.Fragment != "" {
			return Target{}, fmt.Errorf("%s: a file address has no ? or #; give the folder without file:// if they belong to its name", address)
		}
		return folderTarget(u.Path)
	case "s3":
		return bucketTarget(u)
	}
	return Target{}, fmt.Errorf("%s: %s:// is not supported; use a folder, file:// or s3://", address, u.Scheme)
}

func folderTarget(path string) (Target, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Target{}, fmt.Errorf("find folder of the copies: %w", err)
	}
	if abs == string(filepath.Separator) {
		return Target{}, errors.New("copies need a folder of their own, not the root folder")
	}
	return Target{
		name:   abs,
		folder: abs,
		dial:   func() litestream.ReplicaClient { return file.NewReplicaClient(abs) },
	}, nil
}

// bucketKeys are the settings that an s3 address may carry.
var bucketKeys = []string{"endpoint", "region", "force-path-style"}

func bucketTarget(u *url.URL) (Target, error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		wrong("the settings after ? cannot be read: %w", err)
	}
	for name, values := range q {
		if !slices.Contains(bucketKeys, name) {
			wrong("%s is not a setting; there are %s", name, strings.Join(bucketKeys, ", "))
		} else if len(values) != 1 || values[0] == "" {
			wrong("%s needs exactly one value", name)
		}
	}
	prefix := strings.Trim(u.Path, "/")
	if u.Host == "" {
		wrong("the bucket is missing: s3://bucket/path")
	}
	if prefix == "" {
		wrong("the path in the bucket is missing: s3://bucket/path")
	}
	if u.User != nil {
		wrong("keys do not belong in the address; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	if u.Fragment != "" {
		wrong("an s3 address has no #")
	}
	endpoint := q.Get("endpoint")
	if err := checkEndpoint(endpoint); err != nil {
		errs = append(errs, err)
	}
	if q.Get("region") == "" {
		wrong("region is missing (for a store of one's own, the region that its manual names)")
	}
	pathStyle := endpoint != ""
	switch v := q.Get("force-path-style"); v {
	case "":
	case "true", "false":
		pathStyle = v == "true"
	default:
		wrong("force-path-style is true or false, not %q", v)
	}
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	if id == "" || secret == "" {
		wrong("set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
	}
	// The S3 client cannot start with it; Go reads the other variable itself.
	if os.Getenv("AWS_CA_BUNDLE") != "" {
		wrong("AWS_CA_BUNDLE cannot be used; name the certificates in SSL_CERT_FILE instead and unset it")
	}
	if len(errs) > 0 {
		return Target{}, fmt.Errorf("the address of the copies (s3://%s/%s): %w", u.Host, prefix, errors.Join(errs...))
	}
	region := q.Get("region")
	return Target{
		name: "s3://" + u.Host + "/" + prefix + "?" + q.Encode(),
		dial: func() litestream.ReplicaClient {
			c := s3.NewReplicaClient()
			c.AccessKeyID, c.SecretAccessKey = id, secret
			c.Bucket, c.Path, c.Region = u.Host, prefix, region
			c.Endpoint, c.ForcePathStyle = endpoint, pathStyle
			return c
		},
	}, nil
}

// checkEndpoint demands TLS: the copies hold names and addresses of residents.
// Only a server on this machine may be spoken to in the clear.
func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("endpoint %q is not an address like https://s3.example.jp", endpoint)
	}
	if u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("endpoint %q has more than a scheme, a host and a port", endpoint)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "http" && !loopback {
		return fmt.Errorf("endpoint %q would send residents' data unprotected; use https", endpoint)
	}
	return nil
}
