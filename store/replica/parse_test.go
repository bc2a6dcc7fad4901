package replica

import (
	"strings"
	"testing"
)

func keys(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
}

func TestPlacesForCopies(t *testing.T) {
	keys(t)
	for address, want := range map[string]string{
		"/mnt/nas/a":               "/mnt/nas/a",
		"/mnt/nas/a/":              "/mnt/nas/a",
		"file:///mnt/nas/a":        "/mnt/nas/a",
		"file://localhost/mnt/nas": "/mnt/nas",
		"/mnt/nas/窓口 #1":           "/mnt/nas/窓口 #1",
		"s3://b/p?region=tky01":    "s3://b/p?region=tky01",
		"s3://b/p/q/?region=tky01": "s3://b/p/q?region=tky01",
		"s3://b/p?region=ap-northeast-2&endpoint=https://s3.ap-northeast-2.wasabisys.com": "s3://b/p?endpoint=https%3A%2F%2Fs3.ap-northeast-2.wasabisys.com&region=ap-northeast-2",
		"s3://b/p?region=ap-northeast-1&endpoint=https://s3.ap-northeast-1.amazonaws.com": "s3://b/p?endpoint=https%3A%2F%2Fs3.ap-northeast-1.amazonaws.com&region=ap-northeast-1",
		"s3://b/p?region=eu-west-1&abroad=allowed":                                        "s3://b/p?abroad=allowed&region=eu-west-1",
		"s3://b/p?region=tky01&endpoint=https://s3.example.jp":                            "s3://b/p?endpoint=https%3A%2F%2Fs3.example.jp&region=tky01",
	} {
		got, err := Parse(address)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", address, got, err, want)
		}
	}
}

func TestWrongPlacesAreExplained(t *testing.T) {
	keys(t)
	for address, want := range map[string][]string{
		"":                               {"no place"},
		" ":                              {"no place"},
		"/":                              {"root folder"},
		"gs://b/p":                       {"gs:// is not supported"},
		"file://nas/folder":              {"three slashes"},
		"file:///a?b=c":                  {"no ? or #"},
		"s3://":                          {"bucket is missing", "path in the bucket is missing", "region is missing"},
		"s3://b":                         {"path in the bucket is missing"},
		"s3://b/p":                       {"region is missing"},
		"s3://id:key@b/p?region=tky01":   {"keys do not belong"},
		"s3://b/p?region=eu-west-1":      {"not known to be in Japan"},
		"s3://b/p?region=ap-northeast-2": {"not known to be in Japan"},
		"s3://b/p?region=ap-northeast-2&endpoint=https://s3.ap-northeast-2.amazonaws.com": {"not known to be in Japan"},
		"s3://b/p?region=ap-northeast-2&endpoint=https://wasabisys.com.example.org":       {"not known to be in Japan"},
		"s3://b/p?region=ap-northeast-1&endpoint=https://s3.eu-west-1.amazonaws.com":      {"the endpoint is in eu-west-1"},
		"s3://b/p?region=ap-northeast-1&endpoint=https://s3-us-west-2.amazonaws.com":      {"the endpoint is in us-west-2"},
		"s3://b/p?region=ap-northeast-1&endpoint=https://s3.ap-southeast-1.wasabisys.com": {"the endpoint is in ap-southeast-1"},
		"s3://b/p?region=tky01&abroad=yes":                                                {"abroad is allowed or left out"},
		"s3://b/p?region=tky01&regoin=x":                                                  {"regoin is not a setting"},
		"s3://b/p?region=tky01&region=s":                                                  {"exactly one value"},
		"s3://b/p?region=tky01&force-path-style=maybe":                                    {"true or false"},
		"s3://b/p?region=tky01&endpoint=http://s3.example.jp":                             {"use https"},
		"s3://b/p?region=tky01&endpoint=s3.example.jp":                                    {"is not an address"},
		"s3://b/p?region=tky01&endpoint=https://s3.example.jp/x":                          {"more than"},
	} {
		_, err := Parse(address)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, want %q in it", address, err, part)
			}
		}
	}
}

func TestBucketNeedsItsEnvironment(t *testing.T) {
	for name, want := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY": "AWS_SECRET_ACCESS_KEY",
	} {
		t.Run("without "+name, func(t *testing.T) {
			keys(t)
			t.Setenv(name, "")
			if _, err := Parse("s3://b/p?region=tky01"); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		})
	}
}

func TestNoSecretIsShown(t *testing.T) {
	keys(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
	got, err := Parse("s3://b/p?region=tky01")
	if err != nil || strings.Contains(got.String(), "very-secret") {
		t.Errorf("got %s, %v, want no secret", got, err)
	}
}

const goodConfig = `levels: [{interval: 30s}, {interval: 10m}]
snapshot: {interval: 24h, retention: 336h}
l0-retention: 10m
l0-retention-check-interval: 5m
validation: {interval: 1h}
`

func TestConfigIsReadStrictly(t *testing.T) {
	if _, err := ReadConfig([]byte(goodConfig)); err != nil {
		t.Fatalf("got %v, want none", err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key shows its line":      {"l0-retention: 10m", "l0-retension: 10m", "[3:1]"},
		"unknown key inside":              {"retention: 336h", "retain: 336h", "[2:"},
		"a number without unit":           {"l0-retention: 10m", "l0-retention: 10", "[3:"},
		"a missing key":                   {"l0-retention: 10m\n", "", "l0-retention is missing"},
		"retention shorter than interval": {"336h", "1h", "nothing would be left"},
		"levels out of order":             {"interval: 10m", "interval: 10s", "levels[1].interval is not longer"},
		"no levels":                       {"[{interval: 30s}, {interval: 10m}]", "[]", "allowed are 1 to"},
		"the same key twice":              {"l0-retention: 10m", "l0-retention: 10m\nl0-retention: 11m", "l0-retention"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(goodConfig, c.from, c.to, 1)
			if _, err := ReadConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
