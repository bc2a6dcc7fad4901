package replica

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"madoguchi/store/crypt"
)

// Target is the second place that takes the copies (複製先): a folder, or a
// path in a bucket that speaks S3.
type Target struct {
	name       string
	folder     string // set for folders
	outside    bool   // beyond this machine and its disks: nothing goes there in the clear
	abroad     bool   // allowed to leave Japan
	identities crypt.Identities
	dial       func() bucket
	another    func() bucket // over connections of its own
}

// String names the target as it was understood. It holds no secret.
func (t Target) String() string { return t.name }

// Folder is the target's folder, or "" for a bucket.
func (t Target) Folder() string { return t.folder }

// IsZero reports whether no target was given.
func (t Target) IsZero() bool { return t.dial == nil }

// With returns the target with the identities that open its data keys.
func (t Target) With(identities crypt.Identities) Target {
	t.identities = identities
	return t
}

// Outside reports whether copies leave this machine and its disks.
func (t Target) Outside() bool { return t.outside }

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
		name:    abs,
		folder:  abs,
		dial:    func() bucket { return limited{folder(abs)} },
		another: func() bucket { return limited{folder(abs)} },
	}, nil
}

// bucketKeys are the settings that an s3 address may carry.
var bucketKeys = []string{"endpoint", "region", "force-path-style", "abroad"}

// regions are those that lie in Japan, by the names that stores give them.
var regions = []string{
	"ap-northeast-1", "ap-northeast-3", // Amazon: Tokyo, Osaka
	"jp-north-1", "isk01", "tky01", // Sakura
	"jp-east-1", "jp-east-2", "jp-west-1", "jp-west-2", // IIJ, IDCF and others
	"jp-tok", "jp-osa", // IBM
	"asia-northeast1", "asia-northeast2", // Google: Tokyo, Osaka
}

// inJapan reports whether a region lies in Japan. What Amazon calls
// ap-northeast-2 is Seoul; what Wasabi calls so is Osaka.
func inJapan(region, endpoint string) bool {
	u, err := url.Parse(endpoint)
	wasabi := err == nil && strings.HasSuffix(u.Hostname(), ".wasabisys.com")
	return slices.Contains(regions, region) || region == "ap-northeast-2" && wasabi
}

// regionPattern is how Amazon, and most who follow it, name a region.
var regionPattern = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[0-9]$`)

// regionOf is the region that an endpoint has in its name, "" for none: it, and
// not the setting, says where the copies go.
func regionOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	for _, label := range strings.Split(u.Hostname(), ".") {
		if label = strings.TrimPrefix(label, "s3-"); regionPattern.MatchString(label) {
			return label
		}
	}
	return ""
}

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
	if v := q.Get("abroad"); v != "" && v != "allowed" {
		wrong("abroad is allowed or left out, not %q", v)
	}
	if r := q.Get("region"); r != "" && !loopback(endpoint) && q.Get("abroad") == "" {
		if !inJapan(r, endpoint) {
			wrong("region %s is not known to be in Japan; residents' data stays in Japan unless abroad=allowed is given", r)
		}
		if other := regionOf(endpoint); other != "" && !inJapan(other, endpoint) {
			wrong("the endpoint is in %s, which is not known to be in Japan; residents' data stays in Japan unless abroad=allowed is given", other)
		}
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
	if len(errs) > 0 {
		return Target{}, fmt.Errorf("the address of the copies (s3://%s/%s): %w", u.Host, prefix, errors.Join(errs...))
	}
	where := s3Place{u.Host, prefix, q.Get("region"), endpoint, pathStyle, id, secret}
	// One client for all: it holds the open connections.
	open := sync.OnceValue(func() bucket { return limited{newS3(where)} })
	return Target{
		name:    "s3://" + u.Host + "/" + prefix + "?" + q.Encode(),
		outside: !loopback(endpoint),
		abroad:  !loopback(endpoint) && (!inJapan(q.Get("region"), endpoint) || regionOf(endpoint) != "" && !inJapan(regionOf(endpoint), endpoint)),
		dial:    open,
		another: func() bucket { return limited{newS3(where)} },
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
	if u.Scheme == "http" && !loopback(endpoint) {
		return fmt.Errorf("endpoint %q would send residents' data unprotected; use https", endpoint)
	}
	return nil
}

// loopback reports whether an endpoint is on this machine.
func loopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
