// A first program with openapi-generator's client for Go.
package main

import (
	"context"
	"fmt"
	"os"

	openapi "valpero"
)

func expect(what string, holds bool, err error) {
	if err != nil || !holds {
		fmt.Fprintln(os.Stderr, what, err)
		os.Exit(1)
	}
}

func main() {
	configuration := openapi.NewConfiguration()
	configuration.Servers = openapi.ServerConfigurations{{URL: os.Getenv("VALPERO_URL")}}
	client := openapi.NewAPIClient(configuration).MonitorsAPI
	session := context.WithValue(context.Background(), openapi.ContextAccessToken, os.Getenv("VALPERO_KEY"))

	body := openapi.NewMonitorCreate()
	body.SetUrl(os.Getenv("SITE"))
	body.SetName("Shop")
	created, _, err := client.CreateMonitor(session).MonitorCreate(*body).Execute()
	expect("create", err == nil && created.Name == "Shop" && created.CheckType == openapi.CHECKTYPE_HTTP, err)

	read, _, err := client.GetMonitor(session, created.Id).Execute()
	expect("read", err == nil && read.CreatedAt.Equal(created.CreatedAt) && read.Http.IsSet(), err)

	listed, _, err := client.ListMonitors(session).Execute()
	expect("list", err == nil && len(listed.Data) == 1 && listed.Data[0].Id == created.Id, err)

	patch := openapi.NewMonitorPatch()
	patch.SetName("Store")
	patched, _, err := client.UpdateMonitor(session, created.Id).MonitorPatch(*patch).Execute()
	expect("patch", err == nil && patched.Name == "Store" && patched.GetUrl() == created.GetUrl(), err)

	deleted, err := client.DeleteMonitor(session, created.Id).Execute()
	expect("delete", err == nil && deleted.StatusCode == 204, err)
	_, gone, err := client.GetMonitor(session, created.Id).Execute()
	expect("gone", err != nil && gone.StatusCode == 404, nil)
}
