"""Huawei Cloud IMS. The only room with an HTTP client; Huawei's words stop here."""
