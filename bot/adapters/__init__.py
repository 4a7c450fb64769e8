"""The rooms that speak to the outside: Slack, Huawei Cloud, the store."""
