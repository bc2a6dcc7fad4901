package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// connections bounds what one process opens to a store: some allow a hundred
// to all their users together.
const connections = 48

// s3Bucket is a path in a bucket of an S3 server.
type s3Bucket struct {
	api    *s3.Client
	name   string
	prefix string // with a slash at its end
}

// s3Place is where a bucket is and how to get in.
type s3Place struct {
	bucket, path, region, endpoint string
	pathStyle                      bool
	id, secret                     string
}

func newS3(p s3Place) *s3Bucket {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: callDeadline,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   connections,
		MaxConnsPerHost:       connections,
	}
	o := s3.Options{
		Region:      p.region,
		Credentials: credentials.NewStaticCredentialsProvider(p.id, p.secret, ""),
		HTTPClient:  &http.Client{Transport: transport},
		// Whoever calls tries again, with its own deadline and its own judgement. Here
		// only so often that dozens of requests in a row come through a store that
		// fails some.
		Retryer:      retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 4; o.MaxBackoff = 200 * time.Millisecond }),
		UsePathStyle: p.pathStyle,
		// Other stores than Amazon's often know no trailing checksums.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		// The sum of the body is signed over TLS as well. Without it a store was seen
		// to keep what it had of an upload that was broken off, as the whole object.
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			sum := &v4.ComputePayloadSHA256{}
			_, err := stack.Finalize.Swap(sum.ID(), sum)
			return err
		}},
	}
	if p.endpoint != "" {
		o.BaseEndpoint = aws.String(p.endpoint)
	}
	return &s3Bucket{api: s3.New(o), name: p.bucket, prefix: p.path + "/"}
}

func (b *s3Bucket) putNew(ctx context.Context, key string, body io.ReadSeeker) error {
	in := b.object(key, body)
	in.IfNoneMatch = aws.String("*")
	_, err := b.api.PutObject(ctx, in)
	if status(err) == http.StatusPreconditionFailed {
		return errExists
	}
	return saidBy(err)
}

func (b *s3Bucket) put(ctx context.Context, key string, body io.ReadSeeker) error {
	_, err := b.api.PutObject(ctx, b.object(key, body))
	return saidBy(err)
}

func (b *s3Bucket) object(key string, body io.ReadSeeker) *s3.PutObjectInput {
	return &s3.PutObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + key), Body: body, ContentType: aws.String("application/octet-stream")}
}

func (b *s3Bucket) get(ctx context.Context, key string, offset, size int64) (io.ReadCloser, int64, error) {
	in := &s3.GetObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + key)}
	switch {
	case size > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+size-1))
	case offset > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	out, err := b.api.GetObject(ctx, in)
	if status(err) == http.StatusNotFound {
		return nil, 0, fmt.Errorf("%s: %w", key, os.ErrNotExist)
	}
	if err != nil {
		return nil, 0, saidBy(err)
	}
	total := aws.ToInt64(out.ContentLength)
	if in.Range != nil {
		r := aws.ToString(out.ContentRange)
		if total, err = strconv.ParseInt(r[strings.LastIndex(r, "/")+1:], 10, 64); err != nil {
			return nil, 0, errors.Join(fmt.Errorf("%s: the store answered a part with the range %q", key, r), out.Body.Close())
		}
	}
	return out.Body, total, nil
}

func (b *s3Bucket) list(ctx context.Context, prefix, after string) ([]object, error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: aws.String(b.prefix + prefix)}
	if after != "" {
		in.StartAfter = aws.String(b.prefix + after)
	}
	var all []object
	for pages := s3.NewListObjectsV2Paginator(b.api, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, saidBy(err)
		}
		for _, o := range page.Contents {
			all = append(all, object{strings.TrimPrefix(aws.ToString(o.Key), b.prefix), aws.ToInt64(o.Size), aws.ToTime(o.LastModified)})
		}
	}
	return all, nil
}

func (b *s3Bucket) remove(ctx context.Context, keys []string) error {
	for len(keys) > 0 {
		n := min(1000, len(keys))
		var ids []types.ObjectIdentifier
		for _, k := range keys[:n] {
			ids = append(ids, types.ObjectIdentifier{Key: aws.String(b.prefix + k)})
		}
		out, err := b.api.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.name, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}})
		if err != nil {
			return saidBy(err)
		}
		for _, e := range out.Errors {
			// Gone already is as wanted: two clean-ups may meet.
			if code := aws.ToString(e.Code); code != "NoSuchKey" && code != "NotFound" {
				return fmt.Errorf("delete %s: %s", strings.TrimPrefix(aws.ToString(e.Key), b.prefix), code)
			}
		}
		keys = keys[n:]
	}
	return nil
}

// status is the HTTP status of an answer that was an error, or 0.
func status(err error) int {
	var r *awshttp.ResponseError
	if errors.As(err, &r) {
		return r.HTTPStatusCode()
	}
	return 0
}

// saidBy shortens the SDK's errors, which are lines long, to what the store said.
func saidBy(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Errorf("the store answered %d %s: %s", status(err), api.ErrorCode(), api.ErrorMessage())
	}
	return err
}
