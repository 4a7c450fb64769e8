"""The policy file the demo runs with. Its people and projects are those that `world` puts on the stage."""

from __future__ import annotations

ENGINEERS, LEADS, SECURITY = "S0ENGINEERS", "S0LEADS", "S0SECURITY"
SHOP_DEV, SHOP_TEST = "9c61004714024f9586705d090530f9fa", "7d2f1c0a5b9e4d3c8f6a7b8091a2b3c4"
SHOP_PROD, ACME_LAB = "edc89b490d7d4392898e19b2deb34797", "0f0e0d0c0b0a09080706050403020100"

POLICY = f"""\
version: 1
groups:
  engineers:      {{slack_usergroup: {ENGINEERS}}}
  platform-leads: {{slack_usergroup: {LEADS}}}
  security:       {{slack_usergroup: {SECURITY}}}
projects:
  - {{id: {SHOP_DEV}, name: shop-dev,  env: dev,     tenant: self}}
  - {{id: {SHOP_TEST}, name: shop-test, env: test,    tenant: self}}
  - {{id: {SHOP_PROD}, name: shop-prod, env: prod,    tenant: self}}
  - {{id: {ACME_LAB}, name: acme-lab,  env: partner, tenant: acme}}
rules:
  - id: encrypted-image
    effect: forbid
    when: {{image.encrypted: {{eq: true}}}}
    message: Encrypted images cannot be shared; build one without encryption.
  - id: dev-self-service
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{in: [dev, test]}}, image.name: {{glob: "base-*"}}}}
    require: none
  - id: prod
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: prod}}}}
    require: {{count: 1, from: [platform-leads]}}
  - id: partner
    effect: permit
    when: {{requester.groups: {{any: [engineers]}}, project.env: {{eq: partner}}}}
    require: {{count: 1, from: [security]}}
    reason: {{pattern: "^(CHG|INC)-[0-9]+", hint: begin the reason with a change or incident number such as CHG-1042}}
tests:
  - name: a base image to dev is self-service
    request: {{by: {{groups: [engineers]}}, image: {{name: base-ubuntu, encrypted: false}}, project: shop-dev}}
    expect: {{outcome: allow}}
  - name: production wants a platform lead
    request: {{by: {{groups: [engineers]}}, image: {{name: shop-web, encrypted: false}}, project: shop-prod}}
    expect: {{outcome: needs_approvals, rule: prod, require: 1 of platform-leads}}
  - name: an encrypted image goes nowhere
    request: {{by: {{groups: [engineers]}}, image: {{name: base-ubuntu, encrypted: true}}, project: shop-dev}}
    expect: {{outcome: deny, rule: encrypted-image}}
"""
