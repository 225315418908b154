// istio-translate prints the xDS that Istio's own control plane makes of its resources: what its
// pilot would send to one proxy, as JSON. It is Istio's code; here are a command line and nothing
// else.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"

	_ "istio.io/istio/pkg/config/xds"
)

const version = "1.31.0"

func main() {
	showVersion := flag.Bool("version", false, "print the version of Istio and end")
	file := flag.String("file", "", "Istio's resources, as YAML")
	meshFile := flag.String("mesh", "", "the MeshConfig, as YAML; Istio's defaults if absent")
	kind := flag.String("type", "router", "router (a gateway) or sidecar")
	namespace := flag.String("namespace", "default", "the proxy's namespace")
	labels := flag.String("labels", "", "the proxy's labels: a=b,c=d")
	ip := flag.String("ip", "127.0.0.1", "the proxy's address")
	flag.Parse()
	if *showVersion {
		fmt.Println("istio-translate", version)
		return
	}
	options := log.DefaultOptions()
	options.OutputPaths = []string{"stderr"}
	options.SetDefaultOutputLevel(log.OverrideScopeName, log.ErrorLevel)
	_ = log.Configure(options)
	err := test.Wrap(func(t test.Failer) {
		proxy := &model.Proxy{
			Type:            model.NodeType(*kind),
			ConfigNamespace: *namespace,
			IPAddresses:     []string{*ip},
			Labels:          labelsOf(*labels),
			Metadata: &model.NodeMetadata{
				Namespace:    *namespace,
				Labels:       labelsOf(*labels),
				IstioVersion: version,
			},
		}
		fmt.Println(string(translated(t, *file, *meshFile, proxy)))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func translated(t test.Failer, file, meshFile string, proxy *model.Proxy) []byte {
	text := read(t, file)
	config := mesh.DefaultMeshConfig()
	if meshFile != "" {
		merged, err := mesh.ApplyMeshConfigDefaults(read(t, meshFile))
		if err != nil {
			t.Fatalf("the mesh configuration: %v", err)
		}
		config = merged
	}
	validate(t, text)
	istio := core.NewConfigGenTest(t, core.TestOptions{ConfigString: text, MeshConfig: config})
	proxy = istio.SetupProxy(proxy)
	listeners := istio.Listeners(proxy)
	out, err := json.Marshal(map[string]any{
		"version":   version,
		"listeners": encoded(t, listeners),
		"routes":    encoded(t, istio.RoutesFromListeners(proxy, listeners)),
		"clusters":  encoded(t, istio.Clusters(proxy)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// validate says what Istio's webhook would say: the store of the translation takes anything.
func validate(t test.Failer, text string) {
	configs, _, err := crd.ParseInputs(text)
	if err != nil {
		t.Fatalf("the resources: %v", err)
	}
	for _, each := range configs {
		schema, found := collections.Pilot.FindByGroupVersionKind(each.GroupVersionKind)
		if !found {
			t.Fatalf("%s is no resource of Istio", each.GroupVersionKind)
		}
		warnings, err := schema.ValidateConfig(each)
		if err != nil {
			t.Fatalf("%s %s: %v", each.GroupVersionKind.Kind, each.Name, err)
		}
		if warnings != nil {
			fmt.Fprintf(os.Stderr, "warning: %s %s: %v\n", each.GroupVersionKind.Kind, each.Name, warnings)
		}
	}
}

func encoded[M proto.Message](t test.Failer, messages []M) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(messages))
	for _, each := range messages {
		text, err := protojson.Marshal(each)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}

func read(t test.Failer, file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func labelsOf(text string) map[string]string {
	labels := map[string]string{}
	for _, pair := range strings.Split(text, ",") {
		if name, value, found := strings.Cut(pair, "="); found {
			labels[name] = value
		}
	}
	return labels
}
